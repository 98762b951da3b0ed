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
