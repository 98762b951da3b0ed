export { type Bus, BusError, type BusSubscription } from "./bus.ts";
export { createMemoryBus, type MemoryBus, type MemoryBusOptions } from "./bus-memory.ts";
export { createRedisBus, type RedisBusOptions } from "./bus-redis.ts";
export { connectCommands, type RedisClient, withDeadline } from "./redis-client.ts";
export { describeRedis, parseRedisUrl, type RedisEndpoint, type RedisOptionsUnion } from "./redis-options.ts";
export { type Pulse, pingIntervalMs, pingTimeoutMs, startPulse } from "./redis-pulse.ts";
export { type WaitOptions, waitForRedis } from "./wait-for-redis.ts";
