export { modelHistory } from "./checker/model-history.ts";
export { type Fault, type ReferenceServer, startReferenceServer } from "./reference/reference-server.ts";
