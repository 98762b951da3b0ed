export type { RunningServer } from "./child.ts";
export { ensureFerretdb } from "./ferretdb.ts";
export { type MongoOptions, startFerretdb, startMongo } from "./mongo.ts";
export {
  ensureRedisServer,
  type RedisOptions,
  type RunningRedisCluster,
  startRedis,
  startRedisCluster,
} from "./redis.ts";
export { askRedis } from "./redis-command.ts";
