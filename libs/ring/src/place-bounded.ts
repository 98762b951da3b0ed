import type { Ring, RingNode, RingNodeId } from "./ring.ts";

export interface NodeCondition {
  /** Takes nobody new. */
  readonly isDraining?: boolean;
  /** How long a due timer waits, ms. */
  readonly eventLoopDelayMs?: number;
  /** CPU in use, 1 = one core. */
  readonly cpu?: number;
}

export interface PlacementOptions {
  /** No node takes more than c × its share of all sessions. At least 1; default 1.25. */
  readonly c?: number;
  /** Where a session of this user lives already: the new device joins it whatever the bound says, unless it drains. */
  readonly current?: RingNodeId | undefined;
  /** Taken before the ring's own choice as long as it is below the bound: the chat server of the gateway's process. */
  readonly prefer?: RingNodeId | undefined;
  /** What is known of the nodes beside their sessions; an unknown node counts as fit. */
  readonly conditions?: ReadonlyMap<RingNodeId, NodeCondition>;
}

/** A timer late by less than this is a healthy process under load. */
const delayFreeMs = 50;
/** Each further stretch of this length makes the node count as once more as full. */
const delayStepMs = 100;
const cpuFree = 0.8;
const cpuStep = 0.2;
/** Bounded, so that a wild reading makes a node unattractive but does not empty the arithmetic. */
const strainMax = 4;

/**
 * How much fuller a node counts than its sessions say: 1 for a fit one, up to 4 for one that hardly keeps up
 * (event loop late by more than 50 ms, or more than 0.8 of a core in use).
 */
export function strainOf(condition: NodeCondition | undefined): number {
  const late = Math.max(0, (condition?.eventLoopDelayMs ?? 0) - delayFreeMs) / delayStepMs;
  const busy = Math.max(0, (condition?.cpu ?? 0) - cpuFree) / cpuStep;
  return Math.min(strainMax, 1 + late + busy);
}

/**
 * Chooses a node for a new session: consistent hashing with bounded loads, weighted and aware of strain.
 * A node takes a session while its load is below `c × (sum of loads + 1) × weight / sum of weights`; a full one passes
 * it on to the next on the ring. There is always one below: if none were, the loads would sum to more than their sum.
 *
 * `loads` are sessions a node; nodes that are not on the ring, or drain, count neither as place nor as load.
 * **Returns** undefined when every node drains or the ring is empty. Pure: no clock, no randomness.
 * **Source**: Mirrokni, Thorup, Zadimoghaddam, "Consistent hashing with bounded loads", 2016 (SODA 2018).
 */
export function placeBounded(
  ring: Ring,
  key: string,
  loads: ReadonlyMap<RingNodeId, number>,
  options: PlacementOptions = {},
): RingNodeId | undefined {
  const { c = 1.25, current, prefer, conditions } = options;
  if (!(c >= 1)) throw new RangeError(`c must be at least 1, not ${c}.`);

  const open = new Map<RingNodeId, { weight: number; load: number }>();
  let loadSum = 0;
  let weightSum = 0;
  for (const { node, weight } of ring.nodes) {
    const condition = conditions?.get(node);
    if (condition?.isDraining === true) continue;
    const load = Math.max(0, loads.get(node) ?? 0) * strainOf(condition);
    open.set(node, { weight, load });
    loadSum += load;
    weightSum += weight;
  }
  if (current !== undefined && open.has(current)) return current;

  const hasRoom = (node: RingNodeId): boolean => {
    const state = open.get(node);
    return state !== undefined && state.load < (c * (loadSum + 1) * state.weight) / weightSum;
  };
  if (prefer !== undefined && hasRoom(prefer)) return prefer;
  let first: RingNode | undefined;
  for (const candidate of ring.walk(key)) {
    if (hasRoom(candidate.node)) return candidate.node;
    if (open.has(candidate.node)) first ??= candidate;
  }
  // Only rounding of very large sums leads here.
  return first?.node;
}
