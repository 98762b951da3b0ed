import { expect, test } from "vitest";
import { until } from "./bus-contract.ts";
import { connectCommands } from "./redis-client.ts";
import { startClusterFabric, startSingleFabric } from "./redis-fabric.ts";
import { startPulse } from "./redis-pulse.ts";

test.each([
  ["Redis", startSingleFabric],
  ["Redis Cluster", startClusterFabric],
])("a client of %s that was given up for good is connected anew", { timeout: 60_000 }, async (_name, start) => {
  const fabric = await start();
  const client = connectCommands(fabric.redis);
  const pulse = startPulse(client);
  try {
    await until(() => pulse.isUp);
    const changes: boolean[] = [];
    pulse.onChange((isUp) => changes.push(isUp));
    client.disconnect();
    await until(() => changes.length >= 2);
    expect(changes).toEqual([false, true]);
  } finally {
    pulse.stop();
    await fabric.close();
  }
});
