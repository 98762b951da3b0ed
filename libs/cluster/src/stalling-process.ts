import { type Bus, createRedisBus, type RedisOptionsUnion } from "@parley/bus";
import { systemClock } from "./clock.ts";
import { createRedisCluster } from "./cluster-redis.ts";
import { createStallingClock } from "./manual-clock.ts";
import type { Cluster } from "./registry.ts";
import type { LeaseTimes } from "./times.ts";

/** What one process holds of a Redis fleet, for tests: it can be made to stand still. */
export interface StallingProcess {
  readonly cluster: Cluster;
  stall(): void;
  wake(): void;
}

/** While it stands still neither a tick nor a hint reaches the registry, and its leases run out. */
export function createStallingProcess(
  redis: RedisOptionsUnion,
  times: LeaseTimes,
  prefix = "parley",
  isHidden = false,
): StallingProcess {
  const clock = createStallingClock(systemClock, isHidden);
  const bus = createRedisBus({ redis });
  const gated: Bus = {
    get isUp() {
      return bus.isUp;
    },
    publish: (topic, payload) => bus.publish(topic, payload),
    subscribe: (topic, handler) =>
      bus.subscribe(topic, (payload) => {
        if (!clock.isStalled) handler(payload);
      }),
    onChange: (listener) =>
      bus.onChange((isUp) => {
        if (!clock.isStalled) listener(isUp);
      }),
    close: () => bus.close(),
  };
  const cluster = createRedisCluster({ redis, prefix, times, clock, bus: gated });
  return {
    cluster: {
      ...cluster,
      async close() {
        await cluster.close();
        await bus.close();
      },
    },
    stall: () => clock.stall(),
    wake: () => clock.wake(),
  };
}
