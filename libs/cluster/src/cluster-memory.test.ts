import { expect, test } from "vitest";
import { clusterContract } from "./cluster-contract.ts";
import { createMemoryCluster } from "./cluster-memory.ts";
import { createManualClock } from "./manual-clock.ts";

clusterContract("memory, on a clock that the test moves", async () => {
  const clock = createManualClock();
  const cluster = createMemoryCluster({ clock });
  return {
    leaseMs: 3_000,
    connect: () => ({
      cluster,
      stall: (node) => cluster.stall(node),
      wake: (node) => cluster.wake(node),
    }),
    pass: async () => clock.advance(500),
    takeAway: async () => cluster.setUp(false),
    async bringBack(isEmptied) {
      if (isEmptied) cluster.wipe();
      cluster.setUp(true);
    },
    close: () => cluster.close(),
  };
});

test("a process that stood still as a whole longer than the lease loses nobody, whatever is asked of it first", async () => {
  const clock = createManualClock();
  const cluster = createMemoryCluster({ clock });
  const load = { sessions: 0, eventLoopDelayMs: 0, cpu: 0 };
  const infoOf = (node: string) => ({ node, role: "chat-server", address: "", process: "p", weight: 1, load }) as const;
  const first = await cluster.registry.join({ ...infoOf("first"), state: "up" });
  clock.advance(5_000);
  const epoch = first.epoch;
  clock.stand(10_000);
  const second = await cluster.registry.join({ ...infoOf("second"), state: "up" });
  await second.update({ state: "draining" });
  clock.advance(10_000);
  expect(cluster.registry.view().nodes.map(({ node }) => node)).toEqual(["first", "second"]);
  expect(first.epoch).toBe(epoch);
  await cluster.close();
});
