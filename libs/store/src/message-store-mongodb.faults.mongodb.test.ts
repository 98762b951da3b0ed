import { requireServer } from "@parley/servers/testing";
import { afterEach, describe, expect, test } from "vitest";
import { openMongoStore } from "./message-store-mongodb.ts";
import { message, messages } from "./testing/contract/subject.ts";
import { startCuttingProxy } from "./testing/cutting-proxy.ts";
import { isFerretdb, withClient } from "./testing/mongo-data.ts";

const server = await requireServer("mongodb");
const database = "parley-faults";

describe.skipIf(server === undefined)("MongoDB store", () => {
  const url = server?.url ?? "";

  afterEach(() =>
    withClient(url, async (client) => {
      await client.db(database).dropDatabase();
    }),
  );

  test("the unique indexes are there once the store is open, and opening again is fine", async () => {
    const store = await openMongoStore({ url, database });
    const again = await openMongoStore({ url, database });
    const indexes = await withClient(url, (client) => client.db(database).collection("events").indexes());
    const unique = indexes.filter((index) => index.unique === true).map((index) => Object.keys(index.key).join(" "));
    // Where only `_id` is looked up quickly it alone says channel and seq.
    expect(unique.sort()).toEqual(["channel sender id", ...((await isFerretdb(url)) ? [] : ["channel seq"])]);
    await Promise.all([store.close(), again.close()]);
  });

  test("an unreachable server is named, without the credentials, as unavailable", async () => {
    const opening = openMongoStore({
      url: "mongodb://ada:secret@127.0.0.1:1/?authSource=x",
      database,
      selectionTimeoutMs: 200,
    });
    const error = await opening.catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: "StoreError", code: "unavailable" });
    expect(String(error)).toContain("127.0.0.1:1");
    expect(String(error)).not.toContain("secret");
  });

  test("an address that can't be parsed is unavailable too, and is not repeated", async () => {
    const error = await openMongoStore({ url: "nonsense://:secret@", database }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "unavailable" });
    expect(String(error)).not.toContain("secret");
  });

  test("a server that hangs: a write is unknown and a read unavailable, each within the timeout", {
    timeout: 20_000,
  }, async () => {
    const proxy = await startCuttingProxy(url);
    // By ranges: nothing is written behind an append, so that the next one finds a connection that is open already.
    const timeouts = { answerTimeoutMs: 400, selectionTimeoutMs: 400 };
    const store = await openMongoStore({ url: proxy.url, database, strategy: "range", ...timeouts });
    await store.append("c", [message("c", 1)]);
    proxy.holdAnswers(true);
    await expect(store.append("c", [message("c", 2)])).rejects.toMatchObject({ code: "unknown" });
    await expect(store.head("c")).rejects.toMatchObject({ code: "unavailable" });
    proxy.holdAnswers(false);
    await expect.poll(() => store.head("c").catch(() => 0), { timeout: 10_000 }).toBe(2);
    await store.close();
    await proxy.close();
  });

  test("a server that is gone: an append is surely not done, and works again when the server is back", {
    timeout: 20_000,
  }, async () => {
    const proxy = await startCuttingProxy(url);
    const store = await openMongoStore({ url: proxy.url, database, selectionTimeoutMs: 300 });
    await proxy.close();
    await expect
      .poll(() => store.append("c", [message("c", 1)]).catch((error: unknown) => error), { timeout: 10_000 })
      .toMatchObject({ code: "unavailable" });
    await expect(store.ping()).rejects.toMatchObject({ code: "unavailable" });
    await store.close();
  });

  test("deleted text is nowhere in the database, neither in the message nor in its edits", async () => {
    const store = await openMongoStore({ url, database });
    const secret = "do not keep this";
    const body = { kind: "message", text: secret, data: JSON.stringify({ secret }) } as const;
    await store.append("c", [
      message("c", 1, { body }),
      message("c", 2, { body: { kind: "edit", target: 1, text: `${secret} 2` } }),
      message("c", 3, { body: { kind: "delete", target: 1 } }),
    ]);
    await store.applyEffects("c", [{ kind: "edit", seq: 2, target: 1, text: `${secret} 2`, time: 1 }], 2);
    await store.applyEffects("c", [{ kind: "delete", seq: 3, target: 1 }], 3);
    // A copy of the edit that comes late.
    await store.applyEffects("c", [{ kind: "edit", seq: 2, target: 1, text: `${secret} 2`, time: 1 }], 2);
    const documents = await withClient(url, (client) => client.db(database).collection("events").find().toArray());
    expect(documents.length).toBeGreaterThanOrEqual(3);
    expect(JSON.stringify(documents)).not.toContain(secret);
    await store.close();
  });

  test("by point reads: a request that got another number is found there, also when it was tried twice", async () => {
    const store = await openMongoStore({ url, database, strategy: "point" });
    await store.append("c", messages("c", 1, 2));
    const late = (seq: number) => message("c", seq, { sender: "bob", id: "late" });
    expect(await store.append("c", [late(2)])).toEqual({ kind: "refused", at: 0 });
    expect(await store.findByRequest("c", "bob", "late")).toBeUndefined();
    // In the middle of a run, whose rest goes in as well.
    expect(await store.append("c", [message("c", 3), late(4), message("c", 5)])).toEqual({ kind: "appended" });
    const other = await openMongoStore({ url, database, strategy: "point" });
    expect(await other.append("c", [message("c", 6), late(7), message("c", 8)])).toEqual({ kind: "refused", at: 1 });
    expect((await other.findByRequest("c", "bob", "late"))?.event).toEqual(late(4));
    expect(await other.head("c")).toBe(6);
    await Promise.all([store.close(), other.close()]);
  });

  test("by point reads: a wide hole is found when a watermark was written above it", async () => {
    const store = await openMongoStore({ url, database, strategy: "point" });
    await store.append("c", messages("c", 1, 200));
    await store.close();
    await withClient(url, async (client) => {
      const events = client.db(database).collection<{ _id: string }>("events");
      for (let seq = 51; seq <= 150; seq += 1) await events.deleteOne({ _id: `c:${seq}` });
    });
    const again = await openMongoStore({ url, database, strategy: "point" });
    await again.advanceSummaries(new Map([["c", { verified: 160 }]]));
    expect(await again.findAboveHole("c", 50)).toBe(151);
    await again.close();
  });
});
