import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { startFerretdb } from "./mongo.ts";
import { askMongo } from "./mongo-command.ts";
import { waitUntil } from "./ports.ts";
import { requireServer } from "./require-server.ts";

const available = await requireServer("ferretdb");

describe.skipIf(available === undefined)("a FerretDB of our own", () => {
  test("says what it is in buildInfo, which the store chooses its strategy by", async () => {
    const port = Number(new URL(available?.url ?? "").port);
    expect(await askMongo(port, { buildInfo: 1 })).toHaveProperty("ferretdbVersion");
  });

  test("loses none of many updates of one document at once, which FerretDB alone does", async () => {
    const port = Number(new URL(available?.url ?? "").port);
    const names = Array.from({ length: 100 }, (_, index) => `f${index}`);
    await askMongo(port, { insert: "counted", documents: [{ _id: "one" }] });
    await Promise.all(
      names.map((name) =>
        askMongo(port, { update: "counted", updates: [{ q: { _id: "one" }, u: { $max: { [name]: 1 } } }] }),
      ),
    );
    const found = await askMongo(port, { find: "counted", filter: { _id: "one" } });
    expect(Object.keys(found["cursor"].firstBatch[0]).sort()).toEqual(["_id", ...names].sort());
  });

  test("finds a document by _id with an index, which FerretDB alone does not", async () => {
    const port = Number(new URL(available?.url ?? "").port);
    await askMongo(port, { insert: "indexed", documents: [{ _id: "one" }] });
    await waitUntil("the index", 10_000, async () => {
      // A connection of SQLite looks at the schema again when it runs a statement, not when it explains one.
      await askMongo(port, { find: "indexed", filter: { _id: "one" } });
      const plan = await askMongo(port, { explain: { find: "indexed", filter: { _id: "one" } } });
      return JSON.stringify(plan).includes("USING INDEX");
    });
  });

  test("keeps a given folder: what was written is there after the next start", async () => {
    const dir = await mkdtemp(join(tmpdir(), "parley-test-"));
    const first = await startFerretdb({ dir });
    const document = { _id: "one" };
    await askMongo(Number(new URL(first.url).port), { insert: "things", documents: [document] });
    await first.close();
    const second = await startFerretdb({ dir });
    const found = await askMongo(Number(new URL(second.url).port), { find: "things" });
    expect(found["cursor"].firstBatch).toEqual([document]);
    await second.close();
    await rm(dir, { recursive: true });
  });
});
