import { expect, test, vi } from "vitest";
import { startRig } from "../testing/rig.ts";
import type { TestClient } from "../testing/test-client.ts";

const waitOptions = { timeout: 10_000, interval: 2 };

function seqs(client: TestClient, channel = "room"): unknown[] {
  return client
    .ofType("event")
    .filter((frame) => frame.channel === channel)
    .map(({ seq }) => seq);
}

async function rigWith(baseline: readonly (readonly [string, number])[]) {
  const rig = await startRig();
  const server = await rig.chatServer("chat-1", { baseline });
  const client = await rig.session("ada");
  /** Everything sent before has been handled by the gateway when this is in the client's hands. */
  let marks = 0;
  const mark = async () => {
    const user = `mark-${++marks}`;
    server.direct({ type: "presence", user, status: "online" });
    await client.frame("presence", (frame) => frame.user === user);
  };
  return { rig, server, client, mark };
}

test("events are written from cursor + 1; older ones and repeats are dropped", async () => {
  const { server, client, mark } = await rigWith([["room", 5]]);
  server.events(4, 3);
  server.events(6, 1);
  server.events(5, 4);
  server.events(1, 2);
  await mark();
  expect(seqs(client)).toEqual([6, 7, 8]);
});

test("the bytes of an event reach the client as the chat server made them", async () => {
  const { server, client, mark } = await rigWith([["room", 0]]);
  const texts: string[] = [];
  client.ws.on("message", (data) => texts.push(String(data)));
  const payload = Buffer.from('{"type":"event",  "text":"é\\u00e9😀"}');
  server.send((attachment) => ({
    type: "events",
    attachments: [attachment],
    channel: "room",
    from: 1,
    payloads: [payload],
  }));
  await mark();
  expect(texts[0]).toBe(payload.toString());
});

test("a hole is never written: the session is attached anew from its own cursor, then the rest comes", async () => {
  const { server, client, mark } = await rigWith([["room", 0]]);
  server.events(1);
  server.events(3, 2);
  await vi.waitUntil(() => server.attached.length === 2, waitOptions);
  expect(server.last.frame).toMatchObject({ isNew: false, cursors: [["room", 1]] });
  server.events(2, 3);
  await mark();
  expect(seqs(client)).toEqual([1, 2, 3, 4]);
});

test("holes are mended at most once a second, and meanwhile nothing is written beyond them", async () => {
  const { server, client, mark } = await rigWith([["room", 0]]);
  server.events(2);
  await vi.waitUntil(() => server.attached.length === 2, waitOptions);
  for (let i = 0; i < 10; i++) server.events(5 + i);
  await mark();
  expect(server.attached).toHaveLength(2);
  await vi.waitUntil(() => server.attached.length === 3, waitOptions);
  expect(seqs(client)).toEqual([]);
  server.events(1, 3);
  await mark();
  expect(seqs(client)).toEqual([1, 2, 3]);
});

test("a gap begins at the gateway's own cursor, moves it, and is never empty", async () => {
  const { server, client, mark } = await rigWith([["room", 5]]);
  const gap = (to: number) => server.send((attachment) => ({ type: "gap", attachment, channel: "room", to }));
  server.events(6);
  gap(5);
  gap(6);
  gap(9);
  gap(9);
  server.events(9, 2);
  await mark();
  expect(client.ofType("gap")).toEqual([{ type: "gap", channel: "room", from: 7, to: 9 }]);
  expect(seqs(client)).toEqual([6, 10]);
});

test("a reset moves the cursor back, whatever it was", async () => {
  const { server, client, mark } = await rigWith([["room", 50]]);
  const payload = Buffer.from(JSON.stringify({ type: "reset", channel: "room", head: 3 }));
  server.send((attachment) => ({ type: "reset", attachment, channel: "room", head: 3, payload }));
  server.events(4);
  await mark();
  expect(client.ofType("reset")).toHaveLength(1);
  expect(seqs(client)).toEqual([4]);
});

test("a channel is followed from where it is tracked, and nothing of it is written after untrack", async () => {
  const { server, client, mark } = await rigWith([]);
  server.events(1, 1, "new");
  server.send((attachment) => ({ type: "track", attachment, channel: "new", cursor: 1 }));
  server.events(2, 1, "new");
  server.send((attachment) => ({ type: "track", attachment, channel: "new", cursor: 7 }));
  server.events(3, 1, "new");
  server.send((attachment) => ({ type: "untrack", attachment, channel: "new" }));
  server.events(4, 1, "new");
  await mark();
  expect(seqs(client, "new")).toEqual([2, 3]);
});

test("a re-attach that is live from beyond the cursor announces what lies between", async () => {
  const { server, client, mark } = await rigWith([["room", 2]]);
  server.confirms = false;
  server.send((attachment) => ({ type: "reattach", attachment }));
  await vi.waitUntil(() => server.attached.length === 2, waitOptions);
  server.send((attachment) => ({
    type: "attached",
    attachment,
    baseline: [
      ["room", 6],
      ["other", 3],
    ],
  }));
  server.events(7);
  server.events(4, 1, "other");
  await mark();
  expect(client.ofType("gap")).toEqual([{ type: "gap", channel: "room", from: 3, to: 6 }]);
  expect(seqs(client)).toEqual([7]);
  expect(seqs(client, "other")).toEqual([4]);
});

test("sessions of one channel get their own part of one link frame", async () => {
  const rig = await startRig();
  const server = await rig.chatServer("chat-1", { baseline: [["room", 0]] });
  const ada = await rig.session("ada");
  const first = server.last;
  const bo = await rig.session("bo");
  const second = server.last;
  server.events(1);
  await bo.frame("event");
  const payloads = [1, 2, 3].map((seq) => Buffer.from(JSON.stringify({ type: "event", channel: "room", seq })));
  const attachments = [first.frame.attachment, 999_999, second.frame.attachment];
  server.send(() => ({ type: "events", attachments, channel: "room", from: 1, payloads }));
  await ada.frame("event", ({ seq }) => seq === 3);
  await bo.frame("event", ({ seq }) => seq === 3);
  expect([seqs(ada), seqs(bo)]).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ]);
});
