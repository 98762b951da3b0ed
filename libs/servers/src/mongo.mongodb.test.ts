import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Binary, Double, Long, ObjectId } from "bson";
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
      // (With a sort it is FerretDB that answers.)
      await askMongo(port, { find: "indexed", filter: { _id: "one" }, sort: { _id: 1 } });
      const plan = await askMongo(port, { explain: { find: "indexed", filter: { _id: "one" } } });
      return JSON.stringify(plan).includes("USING INDEX");
    });
  });

  test("finds many documents by _id as it finds them one by one, whatever is in them; a scan would fail here", async () => {
    const port = Number(new URL(available?.url ?? "").port);
    const documents = [
      {
        _id: "a:1",
        int: 1,
        long: Long.fromNumber(2 ** 40),
        double: 1.5,
        whole: new Double(3),
        text: 'q"<\\>ü',
        no: null,
      },
      { _id: "~a:b", when: new Date(1_700_000_000_000), bytes: new Binary(Uint8Array.of(0, 1, 255)), yes: true },
      { _id: "c", in: { a: [1, "two", { three: 3 }], e: [], z: {} }, id: new ObjectId("65f000000000000000000001") },
      { _id: "ü", not: "plain" },
    ];
    expect(await askMongo(port, { insert: "many", documents })).toMatchObject({ n: documents.length });
    const findMany = async (ids: readonly string[], more: object = {}) =>
      (await askMongo(port, { find: "many", filter: { _id: { $in: ids } }, ...more }))["cursor"];
    const all = (await askMongo(port, { find: "many", filter: {} }))["cursor"].firstBatch;
    expect(all).toHaveLength(documents.length);
    const byId = (a: { _id: string }, b: { _id: string }) => (a._id < b._id ? -1 : 1);
    const found = await findMany(["c", "nobody", "~a:b", "a:1", "c"], { limit: 5 });
    expect(found).toMatchObject({ id: 0, ns: "admin.many" });
    expect(found.firstBatch.toSorted(byId)).toEqual(all.slice(0, 3).toSorted(byId));
    // Each is left to FerretDB: an _id that JSON may write in two ways, a sort, an empty list.
    expect((await findMany(["c", "ü"])).firstBatch.toSorted(byId)).toEqual(all.slice(2));
    expect((await findMany(["c", "a:1"], { sort: { _id: 1 } })).firstBatch).toEqual([all[0], all[2]]);
    expect((await findMany([])).firstBatch).toEqual([]);
    expect((await findMany(["c", "a:1"], { limit: 1 })).firstBatch).toHaveLength(1);
    await askMongo(port, { update: "many", updates: [{ q: { _id: "c" }, u: { $set: { in: 7 } } }] });
    expect((await findMany(["c"])).firstBatch).toEqual([{ _id: "c", in: 7, id: documents[2]?.id }]);
    await askMongo(port, { drop: "many" });
    expect((await findMany(["c"])).firstBatch).toEqual([]);
    await askMongo(port, { insert: "many", documents: [{ _id: "c", is: "new" }] });
    expect((await findMany(["c"])).firstBatch).toEqual([{ _id: "c", is: "new" }]);
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
