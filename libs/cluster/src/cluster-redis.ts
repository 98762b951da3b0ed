import { type Bus, createRedisBus, type RedisOptionsUnion } from "@parley/bus";
import { type Clock, systemClock } from "./clock.ts";
import { createRedisDirectory } from "./directory-redis.ts";
import { createRedisPresence } from "./presence-redis.ts";
import { createRedisCommands } from "./redis-commands.ts";
import { registryKeys } from "./redis-keys.ts";
import type { Cluster } from "./registry.ts";
import { createRedisRegistry } from "./registry-redis.ts";
import { type LeaseTimes, leaseTimes } from "./times.ts";

export interface RedisClusterOptions {
  readonly redis: RedisOptionsUnion;
  /** Keeps several fleets in one Redis apart; default "parley". */
  readonly prefix?: string;
  /** Carries "look now" hints; the process' bus may be shared, else one is opened (and closed) here. */
  readonly bus?: Bus;
  readonly clock?: Clock;
  readonly times?: LeaseTimes;
}

/**
 * Registry, directory and presence of a fleet, in Redis (standalone, Sentinel or Cluster). One object a process, however
 * many roles it holds. `close` ends the connections and leaves nothing: a lease that was not left runs out.
 */
export function createRedisCluster(options: RedisClusterOptions): Cluster {
  const { redis, prefix = "parley", clock = systemClock, times = leaseTimes } = options;
  const commands = createRedisCommands(redis);
  const hints = options.bus ?? createRedisBus({ redis });
  const keys = registryKeys(prefix);
  const registry = createRedisRegistry({ commands, hints, prefix, keys, clock, times });
  return {
    registry,
    directory: createRedisDirectory(commands, registry, prefix),
    presence: createRedisPresence(commands, registry, keys, prefix),
    async close() {
      await registry.close();
      if (options.bus === undefined) await hints.close();
      commands.close();
    },
  };
}
