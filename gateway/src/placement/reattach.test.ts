import { expect, test, vi } from "vitest";
import { type Rig, startRig, tokenFor } from "../testing/rig.ts";
import type { ScriptedChatServer } from "../testing/scripted-chat-server.ts";
import type { TestClient } from "../testing/test-client.ts";

const waitOptions = { timeout: 10_000, interval: 2 };

/** The chat server of the two that holds the session, and the other one. */
function order(a: ScriptedChatServer, b: ScriptedChatServer): [ScriptedChatServer, ScriptedChatServer] {
  return a.attached.length > 0 ? [a, b] : [b, a];
}

function sendAll(client: TestClient, ids: readonly string[]): void {
  for (const id of ids) client.send({ type: "send", id, channel: "room", text: id });
}

function idOf(bytes: Uint8Array): unknown {
  return (JSON.parse(Buffer.from(bytes).toString()) as { id?: unknown }).id;
}

async function expectLive(rig: Rig, client: TestClient, id: string): Promise<void> {
  client.send({ type: "send", id, channel: "room", text: "still here" });
  await client.frame("ack", (frame) => frame.id === id);
  expect(client.closed).toBeUndefined();
  expect(client.ofType("welcome")).toHaveLength(1);
  expect(await rig.metrics()).toMatch(/parley_gateway_sockets\{[^}]*\} 1/);
}

test.each([["calls"], ["TCP"]])(
  "a chat server dies: the session moves with the gateway's cursors, open requests go again in order, the client notices nothing (%s)",
  async (transport) => {
    const overTcp = transport === "TCP";
    const rig = await startRig();
    const a = await rig.chatServer("chat-a", { answers: false, baseline: [["room", 5]], overTcp });
    const b = await rig.chatServer("chat-b", { answers: false, baseline: [["room", 5]], overTcp });
    const client = await rig.session("ada", { cursors: { room: 5 } });
    const [dead, heir] = order(a, b);
    dead.events(6, 2);
    await client.frame("event", ({ seq }) => seq === 7);
    dead.send((attachment) => ({ type: "keep", attachment, kept: Buffer.from("watching bo") }));
    sendAll(client, ["m1", "m2", "m3"]);
    await vi.waitUntil(() => dead.requests.length === 3, waitOptions);
    dead.direct({ type: "ack", id: "m1", channel: "room", seq: 8, time: 1 }, 1);
    await client.frame("ack", ({ id }) => id === "m1");

    heir.answers = true;
    await dead.stop();
    await client.frame("ack", ({ id }) => id === "m3");
    const { frame } = heir.last;
    expect(frame).toMatchObject({ isNew: false, user: "ada", connection: dead.last.frame.connection });
    expect(frame.cursors).toEqual([["room", 7]]);
    expect(Buffer.from(frame.kept ?? []).toString()).toBe("watching bo");
    expect(frame.attachment).not.toBe(dead.last.frame.attachment);
    expect(heir.requests.map(({ bytes, isRepeat, ordinal }) => [idOf(bytes), isRepeat, ordinal])).toEqual([
      ["m2", true, 2],
      ["m3", true, 3],
    ]);
    await expectLive(rig, client, "after");
    expect(heir.requests.at(-1)).toMatchObject({ isRepeat: false, ordinal: 4 });
  },
);

test("requests that come while no chat server holds the session wait, and go out once, in order, not as repeats", async () => {
  const rig = await startRig();
  const a = await rig.chatServer("chat-a");
  const client = await rig.session("ada");
  await a.stop();
  await vi.waitUntil(async () => /reattaches_total\{[^}]*link[^}]*\} 1/.test(await rig.metrics()), waitOptions);
  sendAll(client, ["w1", "w2", "w3"]);
  const b = await rig.chatServer("chat-b");
  await client.frame("ack", ({ id }) => id === "w3");
  expect(b.requests.map(({ bytes, isRepeat }) => [idOf(bytes), isRepeat])).toEqual([
    ["w1", false],
    ["w2", false],
    ["w3", false],
  ]);
});

test("the chat server goes before it confirmed: the next one gets hello's own cursors, and the client one welcome", async () => {
  const rig = await startRig();
  const a = await rig.chatServer("chat-a", { confirms: false });
  const b = await rig.chatServer("chat-b", { confirms: false });
  const client = await rig.client();
  client.hello(tokenFor("ada"), { cursors: { room: 9 } });
  await vi.waitUntil(() => a.attached.length + b.attached.length === 1, waitOptions);
  const [dead, heir] = order(a, b);
  heir.confirms = true;
  await dead.stop();
  await client.frame("welcome");
  expect(heir.last.frame).toMatchObject({ isNew: true, cursors: [["room", 9]] });
});

test("a chat server that does not confirm in time is passed over", async () => {
  const rig = await startRig({ config: { attachTimeoutMs: 60 } });
  const a = await rig.chatServer("chat-a", { confirms: false });
  const b = await rig.chatServer("chat-b", { confirms: false });
  const client = await rig.client();
  client.hello(tokenFor("ada"));
  await vi.waitUntil(() => a.attached.length + b.attached.length === 1, waitOptions);
  const [slow, heir] = order(a, b);
  heir.confirms = true;
  await client.frame("welcome");
  expect(slow.frames.some(({ type }) => type === "detach")).toBe(true);
  // A late confirmation is of an attachment that is not current any more.
  slow.confirm();
  await expectLive(rig, client, "after");
});

test("no chat server takes the session by the deadline: 4503", async () => {
  const rig = await startRig({ config: { replaceDeadlineMs: 300, attachTimeoutMs: 100 } });
  const a = await rig.chatServer("chat-a");
  const client = await rig.session("ada");
  await a.stop();
  expect(await client.closeCode()).toBe(4503);
});

test("a draining chat server sends its session away: it goes elsewhere, and presence is told that it moves", async () => {
  const rig = await startRig();
  const a = await rig.chatServer("chat-a", { answers: false });
  const b = await rig.chatServer("chat-b", { answers: false });
  const client = await rig.session("ada");
  const [old, heir] = order(a, b);
  sendAll(client, ["m1"]);
  await vi.waitUntil(() => old.requests.length === 1, waitOptions);
  heir.answers = true;
  await old.setDraining();
  old.send((attachment) => ({ type: "reattach", attachment }));
  await client.frame("ack", ({ id }) => id === "m1");
  expect(heir.requests[0]).toMatchObject({ isRepeat: true });
  expect(old.frames.filter(({ type }) => type === "detach")).toMatchObject([{ isMoving: true }]);
  await expectLive(rig, client, "after");
});

test("sent away by one that is up, the session comes back to it; sent away again at once, it goes elsewhere", async () => {
  const rig = await startRig();
  const a = await rig.chatServer("chat-a");
  const b = await rig.chatServer("chat-b");
  const client = await rig.session("ada");
  const [first, second] = order(a, b);
  first.send((attachment) => ({ type: "reattach", attachment }));
  await vi.waitUntil(() => first.attached.length === 2, waitOptions);
  expect(second.attached).toHaveLength(0);
  await expectLive(rig, client, "between");
  first.send((attachment) => ({ type: "reattach", attachment }));
  await vi.waitUntil(() => second.attached.length === 1, waitOptions);
  await expectLive(rig, client, "after");
});

test("frames for an attachment that is not current are dropped", async () => {
  const rig = await startRig();
  const a = await rig.chatServer("chat-a");
  const client = await rig.session("ada");
  const old = a.last;
  a.send((attachment) => ({ type: "reattach", attachment }));
  await vi.waitUntil(() => a.attached.length === 2, waitOptions);
  const zombie = Buffer.from(JSON.stringify({ type: "presence", user: "zombie", status: "online" }));
  a.send((attachment) => ({ type: "direct", attachment, payload: zombie }), old);
  a.send(
    (attachment) => ({ type: "events", attachments: [attachment], channel: "room", from: 1, payloads: [zombie] }),
    old,
  );
  a.send((attachment) => ({ type: "close", attachment, code: 4409, reason: "zombie" }), old);
  await expectLive(rig, client, "after");
  expect(client.ofType("presence")).toHaveLength(0);
});

test("all devices of a user, whatever comes between, are on one chat server, over one link", async () => {
  const rig = await startRig();
  const servers = await Promise.all(["a", "b", "c"].map((name) => rig.chatServer(`chat-${name}`)));
  await Promise.all(Array.from({ length: 30 }, (_, i) => rig.session(`user-${i % 10}`, { device: `d${i}` })));
  const homes = new Map<string, Set<string>>();
  for (const { node, attached } of servers) {
    for (const { frame } of attached) homes.set(frame.user, (homes.get(frame.user) ?? new Set()).add(node));
  }
  expect([...homes.values()].every((nodes) => nodes.size === 1)).toBe(true);
  expect(servers.every(({ links }) => links.length <= 1)).toBe(true);
  expect(servers.filter(({ attached }) => attached.length > 0).length).toBeGreaterThan(1);
});

test("with the registry away, live sessions stay and new ones are placed by the plain ring", async () => {
  const rig = await startRig();
  const a = await rig.chatServer("chat-a");
  const b = await rig.chatServer("chat-b");
  const client = await rig.session("ada");
  rig.cluster.setUp(false);
  await rig.session("bo");
  await rig.session("cy");
  client.send({ type: "send", id: "still", channel: "room", text: "hi" });
  await client.frame("ack", ({ id }) => id === "still");
  expect(a.attached.length + b.attached.length).toBe(3);
  rig.cluster.setUp(true);
});

test("a chat server that can't be reached is passed over at once, though its lease lives", async () => {
  const rig = await startRig();
  const a = await rig.chatServer("chat-a", { overTcp: true });
  const b = await rig.chatServer("chat-b", { overTcp: true });
  const client = await rig.session("ada");
  const [dead] = order(a, b);
  await dead.stop({ keepsLease: true });
  await expectLive(rig, client, "after");
});

test("at the bound of open requests the socket is not read; answers open it again, and nothing is lost", async () => {
  const rig = await startRig({ config: { openRequestsMax: 4 } });
  const server = await rig.chatServer("chat-a", { answers: false });
  const client = await rig.session("ada");
  const ids = Array.from({ length: 50 }, (_, i) => `m${i}`);
  sendAll(client, ids);
  await vi.waitUntil(() => server.requests.length === 4, waitOptions);
  await new Promise((resolve) => client.ws.ping("", true, resolve));
  expect(server.requests).toHaveLength(4);
  server.answers = true;
  for (const { bytes, ordinal } of [...server.requests]) {
    server.direct({ type: "ack", id: idOf(bytes), channel: "room", seq: ordinal, time: 1 }, ordinal);
  }
  await client.frame("ack", ({ id }) => id === "m49");
  expect(server.requests.map(({ bytes }) => idOf(bytes))).toEqual(ids);
});

test("settled requests are done without an answer", async () => {
  const rig = await startRig({ config: { openRequestsMax: 2 } });
  const server = await rig.chatServer("chat-a", { answers: false });
  const client = await rig.session("ada");
  for (let i = 0; i < 6; i++) client.send({ type: "typing", channel: "room" });
  await vi.waitUntil(() => server.requests.length === 2, waitOptions);
  server.send((attachment) => ({ type: "settled", attachment, ordinals: [1, 2, 99] }));
  await vi.waitUntil(() => server.requests.length === 4, waitOptions);
  expect(server.requests.map(({ ordinal }) => ordinal)).toEqual([1, 2, 3, 4]);
});

test("a client above its byte rate is slowed down, not closed", async () => {
  const rig = await startRig({ config: { inBytesPerSecond: 100_000, inBurstBytes: 20_000 } });
  const server = await rig.chatServer("chat-a");
  const client = await rig.session("ada");
  const startedAt = performance.now();
  for (let i = 0; i < 20; i++) {
    client.send({ type: "send", id: `m${i}`, channel: "room", text: "x".repeat(4_000) });
  }
  await client.frame("ack", ({ id }) => id === "m19");
  // 80 kB at 100 kB/s after a burst of 20 kB, less what one chunk may overshoot.
  expect(performance.now() - startedAt).toBeGreaterThan(80);
  expect(server.requests).toHaveLength(20);
});

test("a socket whose requests nobody answers is closed with 4503 in the end", async () => {
  const rig = await startRig({ config: { openRequestsMax: 1, pausedMsMax: 100 } });
  await rig.chatServer("chat-a", { answers: false });
  const client = await rig.session("ada");
  sendAll(client, ["m1"]);
  expect(await client.closeCode()).toBe(4503);
});
