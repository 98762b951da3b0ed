export type { Endpoint } from "./connection.ts";
export type { DirectionFaults, FaultChange, Faults } from "./fault-settings.ts";
export { type MongoProxy, type MongoProxyOptions, startMongoProxy } from "./mongo-proxy.ts";
export type { MongoRule, RequestChoice, RequestFault } from "./mongo-rules.ts";
export { type ProxyControl, type ProxyControlOptions, startProxyControl } from "./proxy-control.ts";
export {
  type PushCounters,
  type PushFaults,
  type RedisProxy,
  type RedisProxyOptions,
  startRedisProxy,
} from "./redis-proxy.ts";
export { type ProxyCounters, startTcpProxy, type TcpProxy, type TcpProxyOptions } from "./tcp-proxy.ts";
