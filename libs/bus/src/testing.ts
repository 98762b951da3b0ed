export { type BusFabric, busContract, until } from "./bus-contract.ts";
export { type RedisFabric, startClusterFabric, startSingleFabric } from "./redis-fabric.ts";
export { type SentinelFabric, startSentinelFabric } from "./sentinel-fabric.ts";
