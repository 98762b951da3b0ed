export { type ClusterFabric, type ClusterMember, clusterContract } from "./cluster-contract.ts";
export { createManualClock, createStallingClock, type ManualClock, type StallingClock } from "./manual-clock.ts";
export { createStallingProcess, type StallingProcess } from "./stalling-process.ts";
