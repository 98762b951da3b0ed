import type { Ring, RingNodeId } from "./ring.ts";

export interface NodeCondition {
  /** Takes nobody new. */
  readonly isDraining?: boolean;
  /** How long a due timer waits, ms. */
  readonly eventLoopDelayMs?: number;
  /** CPU in use, 1 = one core. */
  readonly cpu?: number;
}

export interface PlacementOptions {
  /** No node takes more than c × its share of all sessions, however strained others are. At least 1; default 1.25. */
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
 * it on to the next on the ring. Load is counted twice: by the sessions themselves, and with those of a strained node
 * multiplied (see `strainOf`). Below both bounds a node is as good as any; where no node is, the first below the bound of
 * the sessions themselves takes it, strained or not: to spare one, no other is filled above `c ×` its share. There is
 * always one of those: if there were none, the sessions would sum to more than their sum.
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

  const open = new Map<RingNodeId, { weight: number; sessions: number; strained: number }>();
  let [sessionSum, strainedSum, weightSum] = [0, 0, 0];
  for (const { node, weight } of ring.nodes) {
    const condition = conditions?.get(node);
    if (condition?.isDraining === true) continue;
    const sessions = Math.max(0, loads.get(node) ?? 0);
    const strained = sessions * strainOf(condition);
    open.set(node, { weight, sessions, strained });
    sessionSum += sessions;
    strainedSum += strained;
    weightSum += weight;
  }
  if (current !== undefined && open.has(current)) return current;

  const isBelow = (load: number, sum: number, weight: number): boolean => load < (c * (sum + 1) * weight) / weightSum;
  const hasRoom = (node: RingNodeId): boolean => {
    const state = open.get(node);
    return state !== undefined && isBelow(state.sessions, sessionSum, state.weight);
  };
  const isSpared = (node: RingNodeId): boolean => {
    const state = open.get(node);
    return state !== undefined && !isBelow(state.strained, strainedSum, state.weight);
  };
  if (prefer !== undefined && hasRoom(prefer) && !isSpared(prefer)) return prefer;
  let roomy: RingNodeId | undefined;
  let first: RingNodeId | undefined;
  for (const { node } of ring.walk(key)) {
    if (!open.has(node)) continue;
    first ??= node;
    if (!hasRoom(node)) continue;
    if (!isSpared(node)) return node;
    roomy ??= node;
  }
  // Only rounding of very large sums leads to the second.
  return roomy ?? first;
}
