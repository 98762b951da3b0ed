import { expect, test } from "vitest";
import { until } from "./bus-contract.ts";
import { createRedisBus } from "./bus-redis.ts";
import { startSentinelFabric } from "./sentinel-fabric.ts";

test("when Sentinel makes the replica the master, the bus follows with all its subscriptions", {
  timeout: 90_000,
}, async () => {
  const fabric = await startSentinelFabric();
  const bus = createRedisBus({ redis: fabric.redis });
  try {
    const seen: string[] = [];
    await bus.subscribe("room", (payload) => seen.push(new TextDecoder().decode(payload)));
    expect(await bus.publish("room", new TextEncoder().encode("before"))).toBe(1);
    await until(() => seen.length === 1);
    const changes: boolean[] = [];
    bus.onChange((isUp) => changes.push(isUp));
    await fabric.failOver();
    await until(() => changes.includes(false) && bus.isUp);
    expect(await bus.publish("room", new TextEncoder().encode("after"))).toBe(1);
    await until(() => seen.length === 2);
    expect(seen).toEqual(["before", "after"]);
  } finally {
    await bus.close();
    await fabric.close();
  }
});
