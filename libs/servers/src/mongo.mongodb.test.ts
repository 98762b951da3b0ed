import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { startFerretdb } from "./mongo.ts";
import { askMongo } from "./mongo-command.ts";
import { requireServer } from "./require-server.ts";

const available = await requireServer("ferretdb");

describe.skipIf(available === undefined)("a FerretDB of our own", () => {
  test("says what it is in buildInfo, which the store chooses its strategy by", async () => {
    const port = Number(new URL(available?.url ?? "").port);
    expect(await askMongo(port, { buildInfo: 1 })).toHaveProperty("ferretdbVersion");
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
