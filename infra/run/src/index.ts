export type { Up } from "./child-message.ts";
export { withQuickDrain } from "./quick-drain.ts";
export { type Child, type ChildExit, type ChildSpec, createSupervisor, type Supervisor } from "./supervisor.ts";
