export { type Clock, systemClock } from "./clock.ts";
export { createMemoryCluster, type MemoryCluster, type MemoryClusterOptions } from "./cluster-memory.ts";
export { createRedisCluster, type RedisClusterOptions } from "./cluster-redis.ts";
export { presencePageMax, presenceQueryMax } from "./limits.ts";
export type * from "./registry.ts";
export { RegistryError } from "./registry.ts";
export { type LeaseTimes, leaseTimes } from "./times.ts";
export { freezeView, nextView } from "./view.ts";
