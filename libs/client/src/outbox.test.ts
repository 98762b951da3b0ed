import type { ErrorCode, ErrorFrame } from "@parley/protocol";
import { expect, test, vi } from "vitest";
import { defaultLimits } from "./limits.ts";
import { Outbox } from "./outbox.ts";
import { createMemoryStorage, type OutboxStorage } from "./outbox-storage.ts";
import { ManualClock } from "./testing.ts";
import type { ClientLimits, RequestChange } from "./types.ts";

interface SentFrame {
  readonly id: string;
  readonly channel: string;
  readonly text?: string;
  readonly prev?: string;
}

async function makeOutbox(options: { limits?: Partial<ClientLimits>; storage?: OutboxStorage } = {}) {
  const wire: SentFrame[] = [];
  const changes: RequestChange[] = [];
  const clock = new ManualClock();
  let count = 0;
  const outbox = new Outbox({
    storage: options.storage ?? createMemoryStorage(),
    limits: { ...defaultLimits, ...options.limits },
    clock,
    random: () => 0.5,
    nextId: () => {
      count += 1;
      return `id${count}`;
    },
    transmit: (frame) => {
      wire.push(JSON.parse(frame));
      return true;
    },
    onChange: (change) => changes.push(change),
    onError: () => {},
  });
  await outbox.load();
  const send = (text: string, channel = "c") => outbox.add(channel, { type: "send", text });
  /** Until the storage has what was sent, and it is on the wire. */
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const take = async (): Promise<readonly string[]> => {
    await settle();
    return wire.splice(0).map(({ id, prev }) => (prev === undefined ? id : `${id}<${prev}`));
  };
  const ack = (id: string, seq = 1, channel = "c") => outbox.handleAck({ type: "ack", id, channel, seq, time: 1 });
  return { outbox, changes, clock, send, take, ack, settle };
}

function refusal(id: string, code: ErrorCode, extra: Partial<ErrorFrame> = {}): ErrorFrame {
  const retryable = code === "unavailable" || code === "rate_limited" || code === "internal";
  return { type: "error", id, code, message: code, retryable, ...extra };
}

test("requests go to the wire in order, several at once, each naming the one before", async () => {
  const { outbox, send, take } = await makeOutbox();
  outbox.goOnline();
  for (const text of ["a", "b", "c"]) send(text);
  send("elsewhere", "d");
  expect(await take()).toEqual(["id1", "id2<id1", "id3<id2", "id4"]);
});

test("an ack settles with the seq, and the next request still names the one acked", async () => {
  const { outbox, send, take, ack } = await makeOutbox();
  outbox.goOnline();
  const handle = send("a");
  await take();
  expect(handle.state).toBe("sending");
  ack("id1", 7);
  expect(handle.state).toBe("sent");
  await expect(handle.settled).resolves.toMatchObject({ id: "id1", channel: "c", seq: 7 });
  send("b");
  expect(await take()).toEqual(["id2<id1"]);
});

test("after a reconnect all that is unsettled is sent again in order under the same ids", async () => {
  const { outbox, send, take, ack } = await makeOutbox();
  outbox.goOnline();
  const handles = ["a", "b", "c"].map((text) => send(text));
  await take();
  ack("id1");
  outbox.goOffline();
  expect(handles.map(({ state }) => state)).toEqual(["sent", "queued", "queued"]);
  outbox.goOnline();
  expect(await take()).toEqual(["id2<id1", "id3<id2"]);
});

test("no more than inFlightMax requests of a channel are on the wire", async () => {
  const { outbox, send, take, ack } = await makeOutbox({ limits: { inFlightMax: 2 } });
  outbox.goOnline();
  for (const text of ["a", "b", "c", "d"]) send(text);
  expect(await take()).toEqual(["id1", "id2<id1"]);
  ack("id1");
  expect(await take()).toEqual(["id3<id2"]);
});

test("one's own event in the log settles a request whose ack was lost", async () => {
  const { outbox, send, take } = await makeOutbox();
  outbox.goOnline();
  const handle = send("a");
  await take();
  const event = { type: "event", channel: "c", seq: 3, kind: "message", sender: "me", time: 5, text: "a" } as const;
  outbox.handleOwnEvent({ ...event, id: "id1", channel: "other" });
  expect(handle.state).toBe("sending");
  outbox.handleOwnEvent({ ...event, id: "id1" });
  await expect(handle.settled).resolves.toEqual({ id: "id1", channel: "c", seq: 3, time: 5 });
});

test("a refusal of the only copy settles, and the successor is sent with the refused one's own prev", async () => {
  const { outbox, send, take, ack } = await makeOutbox();
  outbox.goOnline();
  send("a");
  const refused = send("b");
  const successor = send("c");
  await take();
  ack("id1");
  expect(outbox.handleError(refusal("id2", "forbidden"))).toBe(true);
  expect(refused.state).toBe("failed");
  await expect(refused.settled).rejects.toMatchObject({ code: "forbidden", isUnknown: false });
  // It waited for a request that never comes; the mended copy goes at once, without a back-off.
  outbox.handleError(refusal("id3", "unavailable", { retryAfterMs: 5_000 }));
  expect(await take()).toEqual([expect.stringMatching(/^id3/)]);
  ack("id3");
  await expect(successor.settled).resolves.toMatchObject({ id: "id3" });
});

test("when the last request is refused, the next one names the one before it", async () => {
  const { outbox, send, take, ack } = await makeOutbox();
  outbox.goOnline();
  send("a");
  send("b");
  await take();
  ack("id1");
  outbox.handleError(refusal("id2", "forbidden"));
  send("c");
  expect(await take()).toEqual(["id3<id1"]);
});

test.each(["unavailable", "rate_limited", "internal"] as const)(
  "%s never settles: the request is sent again under its id",
  async (code) => {
    const { outbox, clock, send, take } = await makeOutbox();
    outbox.goOnline();
    const handle = send("a");
    for (let attempt = 0; attempt < 20; attempt += 1) {
      expect(await take()).toEqual(["id1"]);
      outbox.handleError(refusal("id1", code));
      expect(handle.state).toBe("queued");
      clock.advance(5_001);
    }
  },
);

test("retryAfterMs is waited for, and the requests behind wait too", async () => {
  const { outbox, clock, send, take } = await makeOutbox();
  outbox.goOnline();
  send("a");
  send("b");
  await take();
  outbox.handleError(refusal("id1", "unavailable", { retryAfterMs: 2_000 }));
  outbox.handleError(refusal("id2", "unavailable", { retryAfterMs: 10 }));
  clock.advance(1_999);
  expect(await take()).toEqual([]);
  clock.advance(1_001);
  expect(await take()).toEqual(["id1"]);
});

test("an error with unknown never settles", async () => {
  const { outbox, clock, send, take } = await makeOutbox();
  outbox.goOnline();
  const handle = send("a");
  await take();
  outbox.handleError(refusal("id1", "not_member", { unknown: true }));
  expect(handle.state).toBe("queued");
  clock.advance(5_001);
  expect(await take()).toEqual(["id1"]);
});

test("a refusal of a second copy does not settle while the first may still get in; five in a row give it up as unknown", async () => {
  const { outbox, clock, send, take } = await makeOutbox();
  outbox.goOnline();
  const handle = send("a");
  await take();
  outbox.goOffline();
  outbox.goOnline();
  for (let refusals = 1; refusals <= 5; refusals += 1) {
    expect(handle.state).not.toBe("failed");
    expect(await take()).toEqual(["id1"]);
    outbox.handleError(refusal("id1", "not_member"));
    clock.advance(460);
  }
  await expect(handle.settled).rejects.toMatchObject({ code: "not_member", isUnknown: true });
});

test("of what an outage has left open the first refusal is confirmed for two seconds, those behind it are believed", async () => {
  const { outbox, clock, send, take } = await makeOutbox();
  outbox.goOnline();
  const handles = Array.from({ length: 30 }, (_one, index) => send(`text ${index}`));
  await take();
  outbox.goOffline();
  outbox.goOnline();
  let firstAt = 0;
  let elapsedMs = 0;
  for (; elapsedMs < 60_000 && handles.some(({ state }) => state !== "failed"); elapsedMs += 50) {
    // The server refuses the oldest; what names another before it waits for that in vain.
    for (const sent of await take()) {
      const [id = "", prev] = sent.split("<");
      outbox.handleError(refusal(id, prev === undefined ? "not_found" : "unavailable"));
    }
    if (firstAt === 0 && handles[0]?.state === "failed") firstAt = elapsedMs;
    clock.advance(50);
  }
  expect(firstAt).toBeGreaterThan(1_500);
  expect(elapsedMs).toBeLessThan(firstAt + 2_000);
  for (const { settled } of handles)
    await expect(settled).rejects.toMatchObject({ code: "not_found", isUnknown: true });
});

test("a copy that was left open just now keeps a refusal from being believed, however well the channel was before", async () => {
  const { outbox, clock, send, take, ack } = await makeOutbox();
  outbox.goOnline();
  send("a");
  await take();
  ack("id1");
  clock.advance(60_000);
  const handle = send("b");
  await take();
  outbox.handleError(refusal("id2", "unavailable", { unknown: true }));
  clock.advance(1_000);
  expect(await take()).toEqual(["id2"]);
  outbox.handleError(refusal("id2", "forbidden"));
  expect(handle.state).not.toBe("failed");
  clock.advance(2_001);
  await take();
  outbox.handleError(refusal("id2", "forbidden"));
  await expect(handle.settled).rejects.toMatchObject({ code: "forbidden", isUnknown: true });
});

test("what was answered unavailable behind a refusal is no open copy: its own refusal settles at once, unless it was unknown", async () => {
  const { outbox, clock, send, take } = await makeOutbox();
  outbox.goOnline();
  const [first, second, third] = [send("a"), send("b"), send("c")];
  await take();
  outbox.handleError(refusal("id1", "not_found"));
  outbox.handleError(refusal("id2", "unavailable"));
  outbox.handleError(refusal("id3", "unavailable", { unknown: true }));
  await expect(first.settled).rejects.toMatchObject({ code: "not_found", isUnknown: false });
  expect(await take()).toEqual(["id2"]);
  outbox.handleError(refusal("id2", "not_found"));
  expect(second.state).toBe("failed");
  await expect(second.settled).rejects.toMatchObject({ code: "not_found", isUnknown: false });
  clock.advance(1_000);
  expect(await take()).toEqual(["id3"]);
  // Another copy of it may still get in.
  outbox.handleError(refusal("id3", "not_found"));
  expect(third.state).not.toBe("failed");
});

test("a full outbox for a channel that one was removed from empties in three seconds, not in a back-off each", async () => {
  const { outbox, clock, send, take } = await makeOutbox();
  outbox.goOnline();
  const handles = Array.from({ length: 100 }, (_one, index) => send(`text ${index}`));
  await take();
  outbox.goOffline();
  outbox.goOnline();
  let elapsedMs = 0;
  for (; elapsedMs < 15_000 && handles.some((handle) => handle.state !== "failed"); elapsedMs += 50) {
    for (const sent of await take()) outbox.handleError(refusal(sent.replace(/<.*/, ""), "not_member"));
    clock.advance(50);
  }
  expect(elapsedMs).toBeLessThan(3_000);
  for (const handle of handles) await expect(handle.settled).rejects.toMatchObject({ code: "not_member" });
});

test.each(["conflict", "bad_frame", "too_large"] as const)(
  "%s is true of every copy and settles at once",
  async (code) => {
    const { outbox, send, take } = await makeOutbox();
    outbox.goOnline();
    const handle = send("a");
    await take();
    outbox.goOffline();
    outbox.goOnline();
    await take();
    outbox.handleError(refusal("id1", code));
    await expect(handle.settled).rejects.toMatchObject({ code, isUnknown: false });
  },
);

test("a request without an answer is sent again", async () => {
  const { outbox, clock, send, take } = await makeOutbox();
  outbox.goOnline();
  send("a");
  send("b");
  expect(await take()).toEqual(["id1", "id2<id1"]);
  clock.advance(defaultLimits.answerTimeoutMs - 1);
  expect(await take()).toEqual([]);
  clock.advance(1);
  expect(await take()).toEqual(["id1"]);
});

test("after a restored log nothing waits for a predecessor that is gone", async () => {
  const { outbox, send, take, ack } = await makeOutbox();
  outbox.goOnline();
  send("a");
  await take();
  ack("id1");
  outbox.handleReset("c");
  send("b");
  send("c");
  expect(await take()).toEqual(["id2", "id3<id2"]);
});

test("what an earlier run left is sent before what was added meanwhile, in its order and under its ids", async () => {
  const storage = createMemoryStorage();
  for (const id of ["old1", "old2"]) await storage.put({ id, channel: "c", request: { type: "send", text: id } });
  const { outbox, send, take, ack } = await makeOutbox({ storage });
  send("new");
  outbox.goOnline();
  expect(outbox.handles().map(({ id }) => id)).toEqual(["old1", "old2", "id1"]);
  expect(await take()).toEqual(["old1", "old2<old1", "id1<old2"]);
  for (const id of ["old1", "old2", "id1"]) ack(id);
  await take();
  expect(await storage.load()).toEqual([]);
});

test("nothing goes to the wire before the storage has it", async () => {
  const kept: (() => void)[] = [];
  const storage: OutboxStorage = {
    load: async () => [],
    put: () => new Promise((resolve) => kept.push(resolve)),
    remove: async () => {},
  };
  const { outbox, send, take } = await makeOutbox({ storage });
  outbox.goOnline();
  send("a");
  expect(await take()).toEqual([]);
  kept[0]?.();
  expect(await take()).toEqual(["id1"]);
});

test("a storage that is full fails the request, and the chain goes on without it", async () => {
  const memory = createMemoryStorage();
  const storage: OutboxStorage = {
    ...memory,
    put: (request) => (request.id === "id1" ? Promise.reject(new Error("quota")) : memory.put(request)),
  };
  const { outbox, send, take } = await makeOutbox({ storage });
  outbox.goOnline();
  const handle = send("a");
  send("b");
  expect(await take()).toEqual(["id2"]);
  await expect(handle.settled).rejects.toMatchObject({ code: "storage_failed" });
});

test("at its bound the outbox refuses, names the bound, and keeps what it has", async () => {
  const { outbox, changes, send } = await makeOutbox({ limits: { outboxChannelMax: 2, outboxMax: 3 } });
  send("a");
  send("b");
  await expect(send("c").settled).rejects.toThrow("outboxChannelMax: 2");
  send("d", "other");
  await expect(send("e", "third").settled).rejects.toThrow("outboxMax: 3");
  expect(outbox.size).toBe(3);
  expect(changes.filter(({ state }) => state === "failed")).toHaveLength(2);
});

test.each([
  [65_536, "queued"],
  [65_537, "failed"],
])("a frame of %i bytes is %s", async (bytes, state) => {
  const { send } = await makeOutbox();
  const rest = JSON.stringify({ type: "send", text: "", id: "id1", channel: "c" }).length;
  expect(send("x".repeat(bytes - rest)).state).toBe(state);
});

test("close rejects what is unsettled, says whether it may be in, and leaves it in the storage", async () => {
  const storage = createMemoryStorage();
  const { outbox, send, take } = await makeOutbox({ storage });
  outbox.goOnline();
  const sent = send("a");
  await take();
  outbox.goOffline();
  const queued = send("b");
  await outbox.close();
  await expect(sent.settled).rejects.toMatchObject({ code: "closed", isUnknown: true });
  await expect(queued.settled).rejects.toMatchObject({ code: "closed", isUnknown: false });
  await vi.waitFor(async () => expect(await storage.load()).toHaveLength(2));
  await expect(send("c").settled).rejects.toMatchObject({ code: "closed" });
});

test("every change of state is told", async () => {
  const { outbox, changes, send, take, ack } = await makeOutbox();
  outbox.goOnline();
  send("a");
  await take();
  outbox.goOffline();
  outbox.goOnline();
  ack("id1");
  expect(changes.map(({ state }) => state)).toEqual(["queued", "sending", "queued", "sending", "sent"]);
});

test("a channel that found the wire full goes on as soon as there is room, also when it comes from an error", async () => {
  const { outbox, send, take } = await makeOutbox({ limits: { inFlightMax: 300 } });
  outbox.goOnline();
  for (let count = 0; count < 256; count += 1) send("x", "busy");
  send("a", "patient");
  expect(await take()).toHaveLength(256);
  outbox.handleError(refusal("id1", "unavailable", { retryAfterMs: 1_000 }));
  expect(await take()).toEqual(["id257"]);
});
