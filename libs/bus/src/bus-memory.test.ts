import { expect, test } from "vitest";
import { BusError } from "./bus.ts";
import { busContract } from "./bus-contract.ts";
import { createMemoryBus } from "./bus-memory.ts";

busContract("memory", async () => {
  const bus = createMemoryBus();
  return {
    connect: () => bus,
    takeAway: async () => bus.setUp(false),
    bringBack: async () => bus.setUp(true),
    close: () => bus.close(),
  };
});

test("what is under way when the bus goes away is lost, and nothing of it comes later", async () => {
  const runs: (() => void)[] = [];
  const bus = createMemoryBus({ schedule: (run) => runs.push(run) });
  const seen: number[] = [];
  await bus.subscribe("t", (payload) => seen.push(payload[0] ?? -1));
  await bus.publish("t", Uint8Array.of(1));
  bus.setUp(false);
  bus.setUp(true);
  await bus.publish("t", Uint8Array.of(2));
  for (const run of runs) run();
  expect(seen).toEqual([2]);
});

test("bytes under way are bounded: at the bound a publish passes, over it rejects, after delivery it passes again", async () => {
  const runs: (() => void)[] = [];
  const bus = createMemoryBus({ schedule: (run) => runs.push(run), pendingBytesMax: 10 });
  await bus.subscribe("t", () => undefined);
  await bus.publish("t", new Uint8Array(9));
  await bus.publish("t", new Uint8Array(1));
  await expect(bus.publish("t", new Uint8Array(1))).rejects.toThrow(BusError);
  for (const run of runs) run();
  await bus.publish("t", new Uint8Array(1));
});
