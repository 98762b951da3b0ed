import { requireServer } from "@parley/servers/testing";
import { type LogEvent, type MessageStore, openMongoStore } from "@parley/store";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { type MongoProxy, startMongoProxy } from "./mongo-proxy.ts";
import { eventually } from "./peer-fixture.ts";

const server = await requireServer("mongodb");

describe.skipIf(server === undefined)("a proxy before a MongoDB-wire server", () => {
  const url = server?.url ?? "";
  const database = "parley-proxy";
  let channels = 0;
  const direct = server === undefined ? undefined : openMongoStore({ url, database });
  afterAll(async () => (await direct)?.close());

  interface Scene {
    readonly proxy: MongoProxy;
    /** By way of the proxy. */
    readonly store: MessageStore;
    readonly channel: string;
    /** What is in the log, as the server itself tells. */
    stored(): Promise<readonly number[]>;
  }

  /** A log with seq 1 in it, so that connections are there. */
  async function createScene(answerTimeoutMs = 10_000): Promise<Scene> {
    const proxy = await startMongoProxy({ url, seed: 1 });
    onTestFinished(() => proxy.close());
    const store = await openMongoStore({ url: proxy.url, database, answerTimeoutMs });
    onTestFinished(() => store.close());
    channels += 1;
    const channel = `channel-${channels}`;
    await store.append(channel, [event(channel, 1)]);
    const stored = async (): Promise<readonly number[]> => {
      const page = await (await direct)?.readAfter(channel, 0, { events: 10 });
      return (page?.events ?? []).map((one) => one.event.seq);
    };
    return { proxy, store, channel, stored };
  }

  const outcomeOf = (store: MessageStore, channel: string, seq: number): Promise<unknown> =>
    store.append(channel, [event(channel, seq)]).catch((error: unknown) => error);

  test("a held insert is in the store while its client still waits, and then it hears of it", async () => {
    const { proxy, store, channel, stored } = await createScene();
    const rule = proxy.hold({ command: "insert", end: "release" });
    let isAnswered = false;
    const appending = store.append(channel, [event(channel, 2)]).finally(() => {
      isAnswered = true;
    });
    await eventually(() => rule.holding).toBe(1);
    expect(await stored()).toEqual([1, 2]);
    expect(isAnswered).toBe(false);
    // Others are not held: the rule is for one.
    expect(await outcomeOf(store, `${channel}-beside`, 1)).toEqual({ kind: "appended" });
    rule.release();
    expect(await appending).toEqual({ kind: "appended" });
    expect([rule.hits, rule.isOver, proxy.rules]).toEqual([1, true, []]);
  });

  test("an insert whose reply is cut is in the store, and unknown to its client", async () => {
    const { proxy, store, channel, stored } = await createScene();
    const rule = proxy.hold({ command: "insert", end: "cut", afterMs: 50 });
    expect(await outcomeOf(store, channel, 2)).toMatchObject({ name: "StoreError", code: "unknown" });
    expect(await stored()).toEqual([1, 2]);
    expect(rule.hits).toBe(1);
    // The same again, as rule 1 wants it: refused by the key, since it is in.
    expect(await outcomeOf(store, channel, 2)).toMatchObject({ kind: "refused" });
  });

  test("an insert cut before it went is not in the store, and unknown to its client all the same", async () => {
    const { proxy, store, channel, stored } = await createScene();
    const rule = proxy.cutBeforeRequest({ command: "insert" });
    expect(await outcomeOf(store, channel, 2)).toMatchObject({ code: "unknown" });
    expect(rule.hits).toBe(1);
    expect(await stored()).toEqual([1]);
    expect(await outcomeOf(store, channel, 2)).toEqual({ kind: "appended" });
  });

  test("the nth one is hit, whatever the driver says to the server in between", async () => {
    const { proxy, store, channel, stored } = await createScene();
    const rule = proxy.cutBeforeRequest({ command: "insert", nth: 3 });
    const any = proxy.hold({ end: "cut", nth: 1_000 });
    for (let seq = 2; seq <= 3; seq += 1) {
      // A new connection each time, with its greeting.
      proxy.cut();
      await eventually(() => proxy.connections).toBe(0);
      await expect.poll(() => outcomeOf(store, channel, seq), { timeout: 20_000 }).toMatchObject({ kind: "appended" });
    }
    expect(rule.hits).toBe(0);
    expect(await outcomeOf(store, channel, 4)).toMatchObject({ code: "unknown" });
    expect([rule.hits, any.hits]).toEqual([1, 0]);
    expect(await stored()).toEqual([1, 2, 3]);
  });

  test("not primary, once: the write is unknown and not there; the next one goes in", async () => {
    const { proxy, store, channel, stored } = await createScene();
    const rule = proxy.answer({ command: "insert", error: "notPrimary" });
    expect(await outcomeOf(store, channel, 2)).toMatchObject({ code: "unknown", cause: { code: 10_107 } });
    expect(rule.hits).toBe(1);
    expect(await stored()).toEqual([1]);
    expect(await outcomeOf(store, channel, 2)).toEqual({ kind: "appended" });
  });

  test("not primary, for so long: every request hears it, reads too", async () => {
    const { proxy, store, channel, stored } = await createScene();
    const rule = proxy.answer({ error: "notPrimary", forMs: 60_000 });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect(await outcomeOf(store, channel, 2)).toHaveProperty("code");
    }
    await expect(store.head(channel)).rejects.toMatchObject({ code: "unavailable" });
    expect(rule.hits).toBeGreaterThan(3);
    rule.cancel();
    expect(await stored()).toEqual([1]);
    await expect.poll(() => outcomeOf(store, channel, 2), { timeout: 20_000 }).toEqual({ kind: "appended" });
  });

  test("a write-concern timeout is unknown, and the write comes later", async () => {
    const { proxy, store, channel, stored } = await createScene();
    proxy.answer({ command: "insert", error: "writeConcernTimeout", forwardAfterMs: 300 });
    const error = await outcomeOf(store, channel, 2);
    expect(error).toMatchObject({ code: "unknown", cause: { writeConcernError: { code: 64 } } });
    expect(await stored()).toEqual([1]);
    await expect.poll(stored, { timeout: 20_000 }).toEqual([1, 2]);
    await eventually(() => proxy.lateRequests).toBe(1);
    // Its true reply reached nobody: the connection goes on as if nothing was.
    expect(await outcomeOf(store, channel, 3)).toEqual({ kind: "appended" });
  });

  test("a write-concern timeout commits even when its client is gone by then", async () => {
    const { proxy, store, channel, stored } = await createScene();
    proxy.answer({ command: "insert", error: "writeConcernTimeout", forwardAfterMs: 300 });
    expect(await outcomeOf(store, channel, 2)).toMatchObject({ code: "unknown" });
    await store.close();
    await expect.poll(stored, { timeout: 20_000 }).toEqual([1, 2]);
  });

  test("a slow server answers late; where that is too late, the write goes in behind its client's back", async () => {
    const { proxy, store, channel, stored } = await createScene(500);
    const slow = proxy.slow({ command: "insert", ms: 200 });
    const beganAt = performance.now();
    expect(await outcomeOf(store, channel, 2)).toEqual({ kind: "appended" });
    expect(performance.now() - beganAt).toBeGreaterThan(190);
    slow.cancel();
    proxy.slow({ command: "insert", ms: 1_500, times: 1 });
    expect(await outcomeOf(store, channel, 3)).toMatchObject({ code: "unknown" });
    await expect.poll(stored, { timeout: 20_000 }).toEqual([1, 2, 3]);
  });

  test("a share of requests, drawn from the seed, and the same draws again", async () => {
    const hits: number[][] = [];
    for (let run = 0; run < 2; run += 1) {
      const { proxy, store, channel } = await createScene();
      proxy.slow({ command: "insert", ms: 1, chance: 0.5 });
      const list: number[] = [];
      for (let seq = 2; seq <= 30; seq += 1) {
        await store.append(channel, [event(channel, seq)]);
        list.push(proxy.rules[0]?.hits ?? -1);
      }
      hits.push(list);
    }
    expect(hits[0]).toEqual(hits[1]);
    expect(hits[0]?.at(-1)).toBeGreaterThan(4);
    expect(hits[0]?.at(-1)).toBeLessThan(25);
  });

  test("a large reply in many pieces is one message, and its length is kept", async () => {
    const { proxy, store, channel } = await createScene();
    proxy.set({ jitterMs: 2 });
    for (let seq = 2; seq <= 40; seq += 1) await store.append(channel, [event(channel, seq, "x".repeat(16_000))]);
    const page = await store.readAfter(channel, 0, { events: 100 });
    expect(page.events.map((one) => one.event.seq)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  });

  test("clearing the rules lets go on what they held", async () => {
    const { proxy, store, channel } = await createScene();
    proxy.hold({ command: "insert", end: "release" });
    const appending = store.append(channel, [event(channel, 2)]);
    await eventually(() => proxy.rules[0]?.holding).toBe(1);
    proxy.clearRules();
    expect(await appending).toEqual({ kind: "appended" });
  });
});

function event(channel: string, seq: number, text = `text ${seq}`): LogEvent {
  const request = { sender: "ada", id: `id-${seq}`, time: 1_790_000_000_000 + seq, ordinal: seq, control: 0 };
  return { channel, seq, ...request, hash: `hash-${seq}`, body: { kind: "message", text } };
}
