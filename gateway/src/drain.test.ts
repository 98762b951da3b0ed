import { expect, test, vi } from "vitest";
import { type Rig, startRig } from "./testing/rig.ts";

const waitOptions = { timeout: 10_000, interval: 2 };

/** Somewhere to go for the clients of the rig's gateway. */
async function joinOther({ cluster }: Rig) {
  return await cluster.registry.join({
    node: "gateway-2",
    role: "gateway",
    address: "ws://127.0.0.1:1/v1/ws",
    process: "p2",
    weight: 1,
    state: "up",
    load: { sessions: 0, eventLoopDelayMs: 0, cpu: 0 },
  });
}

test("until its time a client is served as before; who does not go by itself is closed at its time", async () => {
  let at = 0;
  const rig = await startRig({
    config: { drainSpreadMs: 1_000 },
    now: () => performance.now() + at,
    random: () => 0.5,
  });
  await joinOther(rig);
  await rig.chatServer("chat-1");
  const [patient, prompt] = [await rig.session("ada"), await rig.session("bo")];
  const drained = rig.gateway.drain();
  expect(await patient.frame("reconnect")).toMatchObject({ afterMs: 500, reason: "drain" });
  patient.send({ type: "send", id: "meanwhile", channel: "room", text: "hi" });
  await patient.frame("ack", ({ id }) => id === "meanwhile");
  expect((await rig.client()).ws.readyState).not.toBe(1);
  prompt.ws.close(1000);
  await vi.waitUntil(() => prompt.closed !== undefined, waitOptions);
  expect(patient.closed).toBeUndefined();
  at = 500;
  expect(await patient.closeCode()).toBe(4503);
  await drained;
});

test("the progress of a drain is told: since when, with how many, and how many are left", async () => {
  const rig = await startRig({ config: { drainSpreadMs: 60_000, heartbeatMs: 20 }, random: () => 0.9 });
  await joinOther(rig);
  await rig.chatServer("chat-1");
  const clients = await Promise.all(["ada", "bo", "cy"].map((user) => rig.session(user)));
  void rig.gateway.drain();
  const own = () => rig.cluster.registry.view().nodes.find(({ node }) => node === "gateway-1");
  await vi.waitUntil(() => own()?.drain?.sessionsAtBegin === 3, waitOptions);
  clients[0]?.ws.close(1000);
  await vi.waitUntil(() => own()?.load.sessions === 2 && own()?.load.openRequests === 0, waitOptions);
  expect(own()?.drain?.sessionsAtBegin).toBe(3);
});

test("a gateway that is asked to drain hears of it", async () => {
  const rig = await startRig();
  let asked = 0;
  rig.gateway.onDrainAsked(() => {
    asked += 1;
  });
  expect(await rig.cluster.registry.askDrain("gateway-1")).toBeGreaterThan(0);
  expect(asked).toBe(1);
});

test("without another gateway every client is told when to come back, spread, and closed at once with 4503; nobody new is let in", async () => {
  const rig = await startRig({ config: { drainSpreadMs: 60_000 } });
  const server = await rig.chatServer("chat-1");
  const clients = await Promise.all(["ada", "bo", "cy", "di"].map((user) => rig.session(user)));
  const drained = rig.gateway.drain();
  await vi.waitUntil(
    () => rig.cluster.registry.view().nodes.some(({ role, state }) => role === "gateway" && state === "draining"),
    waitOptions,
  );
  expect(rig.gateway.isReady()).toBe(false);
  for (const client of clients) expect(await client.closeCode()).toBe(4503);
  const delays = clients
    .map(({ frames }) => frames.at(-1))
    .map((frame) => {
      expect(frame).toMatchObject({ type: "reconnect", reason: "drain" });
      return Number(frame?.afterMs);
    });
  expect(new Set(delays).size).toBeGreaterThan(1);
  expect(delays.every((ms) => ms >= 0 && ms <= 60_000)).toBe(true);
  await drained;
  await vi.waitUntil(() => server.frames.filter(({ type }) => type === "detach").length === 4, waitOptions);
  expect((await rig.client()).ws.readyState).not.toBe(1);
  await rig.gateway.close();
  await vi.waitUntil(() => rig.cluster.registry.view().nodes.every(({ role }) => role !== "gateway"), waitOptions);
});

test("what was asked before the drain is still answered", async () => {
  const rig = await startRig();
  const server = await rig.chatServer("chat-1", { answers: false });
  const client = await rig.session("ada");
  client.send({ type: "send", id: "last", channel: "room", text: "hi" });
  await vi.waitUntil(() => server.requests.length === 1, waitOptions);
  const drained = rig.gateway.drain();
  await client.frame("reconnect");
  server.direct({ type: "ack", id: "last", channel: "room", seq: 1, time: 1 }, 1);
  await drained;
  expect(client.ofType("ack")).toHaveLength(1);
  expect(await client.closeCode()).toBe(4503);
});

test("a request that is never answered does not hold the drain up beyond its grace", async () => {
  const rig = await startRig({ config: { drainGraceMs: 100 } });
  const server = await rig.chatServer("chat-1", { answers: false });
  const client = await rig.session("ada");
  client.send({ type: "send", id: "never", channel: "room", text: "hi" });
  await vi.waitUntil(() => server.requests.length === 1, waitOptions);
  await rig.gateway.drain();
  expect(await client.closeCode()).toBe(4503);
});

test("drain and close may be called twice, and close without drain", async () => {
  const rig = await startRig();
  await rig.chatServer("chat-1");
  const client = await rig.session("ada");
  await Promise.all([rig.gateway.close(), rig.gateway.close()]);
  expect(await client.closeCode()).toBe(1006);
  await rig.gateway.drain();
});
