export { hash53 } from "./hash.ts";
export { type NodeCondition, type PlacementOptions, placeBounded, strainOf } from "./place-bounded.ts";
export {
  chooseHandOvers,
  type HandOver,
  type RebalanceNode,
  type RebalanceOptions,
  type RebalancePlan,
  Rebalancer,
  type RebalanceUser,
  type RebalanceView,
} from "./rebalance.ts";
export { createRing, pointsByWeight, type Ring, type RingNode, type RingNodeId } from "./ring.ts";
export { createRingCache, type RingCache } from "./ring-cache.ts";
