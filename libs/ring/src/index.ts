export { hash53 } from "./hash.ts";
export { type NodeCondition, type PlacementOptions, placeBounded, strainOf } from "./place-bounded.ts";
export { createRing, pointsByWeight, type Ring, type RingNode, type RingNodeId } from "./ring.ts";
export { createRingCache, type RingCache } from "./ring-cache.ts";
