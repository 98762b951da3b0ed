import { type RedisFabric, startClusterFabric, startSingleFabric } from "@parley/bus/testing";
import { clusterContract } from "./cluster-contract.ts";
import { createStallingProcess } from "./stalling-process.ts";

/** Short, so that the tests need not wait long; the relation is that of the defaults. */
const times = { heartbeatMs: 200, leaseMs: 600 };

async function fabricOf(start: () => Promise<RedisFabric>) {
  const fabric = await start();
  return {
    leaseMs: times.leaseMs,
    connect: () => createStallingProcess(fabric.redis, times),
    pass: () => new Promise<void>((resolve) => setTimeout(resolve, 10)),
    takeAway: async () => fabric.stop(),
    async bringBack(isEmptied: boolean) {
      await fabric.resume();
      if (isEmptied) await fabric.command("FLUSHALL");
    },
    close: () => fabric.close(),
  };
}

clusterContract("Redis", () => fabricOf(startSingleFabric));
clusterContract("Redis Cluster of three masters", () => fabricOf(startClusterFabric));
