import { expect, test, vi } from "vitest";
import { startRig } from "./testing/rig.ts";

const waitOptions = { timeout: 10_000, interval: 2 };

test("drain tells every client when to come back, spread, then closes with 4503; nobody new is let in", async () => {
  const rig = await startRig({ config: { drainSpreadMs: 1_000 } });
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
  expect(delays.every((ms) => ms >= 0 && ms <= 1_000)).toBe(true);
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
