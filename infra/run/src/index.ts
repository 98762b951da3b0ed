export { planFleet } from "./fleet.ts";
export { type ClusterSettings, clusterTable } from "./settings.ts";
export { type Child, type ChildExit, type ChildSpec, createSupervisor, type Supervisor } from "./supervisor.ts";
