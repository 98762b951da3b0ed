import { openMemoryStore, type StoreFaultHook } from "@parley/store/testing";
import { expect, onTestFinished, test } from "vitest";
import { freeRequests } from "./channel/admission.ts";
import { startTestFleet } from "./testing.ts";

test("many channels on a store that stands still: what exceeds the common bound is told when to come again, and comes", async () => {
  let hook: StoreFaultHook | undefined;
  const store = openMemoryStore({ faults: (operation) => hook?.(operation) });
  const fleet = await startTestFleet(1, { store, config: { requestsPerSecond: 100_000, requestsBurst: 100_000 } });
  onTestFinished(async () => {
    await fleet.close();
    expect(fleet.errors()).toEqual([]);
  });
  const ada = (await fleet.connect(1)).attach("ada");
  await ada.welcome();
  const channels: string[] = [];
  for (let n = 0; n < 10; n++) {
    const created = await ada.ask({ type: "channel.create", id: `c${n}`, kind: "group", members: ["bob"] });
    if (created.type !== "result" || created.channel === undefined) throw new Error(created.raw);
    channels.push(created.channel);
  }
  let goOn: () => void = () => undefined;
  const until = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  hook = (operation) => (operation.name === "append" ? { kind: "delay", until } : undefined);
  const ids = channels.flatMap((channel, n) => Array.from({ length: 80 }, (_, at) => ({ channel, id: `m${n}-${at}` })));
  for (const { channel, id } of ids) ada.send({ type: "send", id, channel, text: "hello" });

  const refused = () => ada.received.filter((frame) => frame.type === "error" && frame.message.startsWith("server:"));
  await ada.met(() => refused().length >= ids.length - freeRequests);
  expect(refused()).toHaveLength(ids.length - freeRequests);
  for (const frame of refused()) {
    expect(frame).toMatchObject({ code: "unavailable", retryable: true, retryAfterMs: expect.any(Number) });
  }
  hook = undefined;
  goOn();
  const acked = () => new Set(ada.received.flatMap((frame) => (frame.type === "ack" ? [frame.id] : [])));
  // As a client does: what was refused comes again after a while. (On a slow machine some of those that were let in have
  // been given up meanwhile: these come again, too.)
  while (acked().size < ids.length) {
    const before = acked();
    const missing = ids.filter(({ id }) => !before.has(id));
    const seen = ada.received.length;
    for (const { channel, id } of missing) ada.send({ type: "send", id, channel, text: "hello" });
    const answers = () => ada.received.slice(seen).filter((frame) => frame.type === "ack" || frame.type === "error");
    await ada.met(() => answers().length >= missing.length);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});
