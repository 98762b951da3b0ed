import { expect, test, vi } from "vitest";
import { type Rig, startRig } from "../testing/rig.ts";
import type { Attached, ScriptedChatServer } from "../testing/scripted-chat-server.ts";
import { eventBytes } from "../testing/scripted-chat-server.ts";
import type { TestClient } from "../testing/test-client.ts";

const waitOptions = { timeout: 10_000, interval: 2 };

/** A session on one of two chat servers, and the other, which does not confirm by itself. */
async function onTheMove(rig: Rig): Promise<{
  client: TestClient;
  old: ScriptedChatServer;
  heir: ScriptedChatServer;
  at: Attached;
}> {
  const a = await rig.chatServer("chat-a", { baseline: [["room", 5]] });
  const b = await rig.chatServer("chat-b", { baseline: [["room", 5]] });
  const client = await rig.session("ada", { cursors: { room: 5 } });
  const [old, heir] = a.attached.length > 0 ? [a, b] : [b, a];
  const at = old.last;
  heir.confirms = false;
  await old.setDraining();
  old.send((attachment) => ({ type: "reattach", attachment }), at);
  await vi.waitUntil(() => heir.attached.length === 1, waitOptions);
  return { client, old, heir, at };
}

function tell(server: ScriptedChatServer, from: number, to: Attached, channel = "room"): void {
  const payloads = [eventBytes(channel, from)];
  server.send((attachment) => ({ type: "events", attachments: [attachment], channel, from, payloads }), to);
}

const isDetached = (server: ScriptedChatServer): boolean => server.frames.some(({ type }) => type === "detach");
const seqsOf = (client: TestClient): unknown[] => client.ofType("event").map(({ seq }) => seq);

test("until the new chat server has confirmed the old one serves on, with events and answers; then it is left", async () => {
  const rig = await startRig();
  const { client, old, heir, at } = await onTheMove(rig);
  tell(old, 6, at);
  client.send({ type: "send", id: "meanwhile", channel: "room", text: "hi" });
  await client.frame("ack", ({ id }) => id === "meanwhile");
  await client.frame("event", ({ seq }) => seq === 6);
  // What the new one says before it has confirmed is not the current attachment's.
  tell(heir, 6, heir.last);
  expect(isDetached(old)).toBe(false);
  heir.confirm();
  // It began at 5: what was written meanwhile comes once more, and is dropped.
  for (const seq of [6, 7]) tell(heir, seq, heir.last);
  await client.frame("event", ({ seq }) => seq === 7);
  await vi.waitUntil(() => isDetached(old), waitOptions);
  tell(old, 8, at);
  tell(heir, 8, heir.last);
  client.send({ type: "send", id: "after", channel: "room", text: "hi" });
  await client.frame("ack", ({ id }) => id === "after");
  expect(seqsOf(client)).toEqual([6, 7, 8]);
  expect(heir.requests).toHaveLength(1);
  expect(client.ofType("welcome")).toHaveLength(1);
});

test("the old chat server falls while the session moves: the new one goes on from the cursor, and asks nobody again", async () => {
  const rig = await startRig();
  const { client, old, heir, at } = await onTheMove(rig);
  tell(old, 6, at);
  await client.frame("event", ({ seq }) => seq === 6);
  old.answers = false;
  client.send({ type: "send", id: "open", channel: "room", text: "hi" });
  await vi.waitUntil(() => old.requests.length === 1, waitOptions);
  await old.stop();
  heir.confirm();
  await client.frame("ack", ({ id }) => id === "open");
  expect(heir.requests).toMatchObject([{ isRepeat: true }]);
  expect(heir.attached).toHaveLength(1);
  tell(heir, 7, heir.last);
  await client.frame("event", ({ seq }) => seq === 7);
});

test("the new chat server falls while the session moves: it stays where it is until a third takes it", async () => {
  const rig = await startRig();
  const { client, old, heir, at } = await onTheMove(rig);
  await heir.stop();
  tell(old, 6, at);
  await client.frame("event", ({ seq }) => seq === 6);
  expect(isDetached(old)).toBe(false);
  const third = await rig.chatServer("chat-c");
  await vi.waitUntil(() => third.attached.length === 1 && isDetached(old), waitOptions);
  expect(third.last.frame.cursors).toEqual([["room", 6]]);
  client.send({ type: "send", id: "after", channel: "room", text: "hi" });
  await client.frame("ack", ({ id }) => id === "after");
});

test("a new chat server that does not confirm in time is passed over, and was told so", async () => {
  const rig = await startRig({ config: { attachTimeoutMs: 60 } });
  const { client, old, heir } = await onTheMove(rig);
  const third = await rig.chatServer("chat-c");
  await vi.waitUntil(() => third.attached.length === 1 && isDetached(old), waitOptions);
  expect(isDetached(heir)).toBe(true);
  heir.confirm();
  client.send({ type: "send", id: "after", channel: "room", text: "hi" });
  await client.frame("ack", ({ id }) => id === "after");
  expect(third.requests).toHaveLength(1);
});

test("a channel that was left at the old place meanwhile is neither told twice nor lost when it is joined again", async () => {
  const rig = await startRig();
  const { client, old, heir, at } = await onTheMove(rig);
  tell(old, 6, at);
  old.send((attachment) => ({ type: "untrack", attachment, channel: "room" }), at);
  await client.frame("event", ({ seq }) => seq === 6);
  heir.confirm();
  tell(heir, 6, heir.last);
  // It has begun before the leave and knows of the return already: no new track, only a hole that it announces.
  heir.send((attachment) => ({ type: "gap", attachment, channel: "room", to: 8 }));
  tell(heir, 9, heir.last);
  await client.frame("event", ({ seq }) => seq === 9);
  expect(seqsOf(client)).toEqual([6, 9]);
  expect(client.ofType("gap")).toMatchObject([{ from: 7, to: 8 }]);
});

test("what is kept for the session changes while it moves: the new place is told anew before it is taken", async () => {
  const rig = await startRig();
  const { client, old, heir, at } = await onTheMove(rig);
  old.send((attachment) => ({ type: "keep", attachment, kept: Buffer.from("watching bo") }), at);
  tell(old, 6, at);
  await client.frame("event", ({ seq }) => seq === 6);
  heir.confirm();
  await vi.waitUntil(() => heir.attached.length === 2, waitOptions);
  expect(Buffer.from(heir.last.frame.kept ?? []).toString()).toBe("watching bo");
  expect(isDetached(old)).toBe(false);
  heir.confirm();
  await vi.waitUntil(() => isDetached(old), waitOptions);
});

test("a client that goes while it moves is gone from both", async () => {
  const rig = await startRig();
  const { client, old, heir } = await onTheMove(rig);
  client.ws.close(1000);
  await vi.waitUntil(() => isDetached(old) && isDetached(heir), waitOptions);
  for (const server of [old, heir]) {
    expect(server.frames.filter(({ type }) => type === "detach")).toMatchObject([{ isMoving: false }]);
  }
});

test("with nowhere to go a session that is sent away stays, and is served", async () => {
  const rig = await startRig({ config: { replaceDeadlineMs: 5_000 } });
  const server = await rig.chatServer("chat-a");
  const client = await rig.session("ada");
  await server.setDraining();
  server.send((attachment) => ({ type: "reattach", attachment }));
  client.send({ type: "send", id: "still", channel: "room", text: "hi" });
  await client.frame("ack", ({ id }) => id === "still");
  expect(server.attached).toHaveLength(1);
  expect(isDetached(server)).toBe(false);
});
