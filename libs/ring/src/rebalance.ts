import { type NodeCondition, strainOf } from "./place-bounded.ts";
import type { Ring, RingNode, RingNodeId } from "./ring.ts";

/** One chat server as the view shows it. */
export interface RebalanceNode extends RingNode {
  readonly sessions: number;
  readonly condition?: NodeCondition;
}

/** What a server sees of its fleet at one time. */
export interface RebalanceView {
  /** Another one for every change of membership, state, weight or epoch. */
  readonly version: number;
  /** False while what is shown may be out of date. */
  readonly isComplete: boolean;
  readonly nodes: readonly RebalanceNode[];
}

export interface RebalanceOptions {
  readonly self: RingNodeId;
  /** The bound of placement: more than `c` × its share is too much. At least 1.05. */
  readonly c: number;
  /** The view must have been complete, and the same, for so long, ms. */
  readonly settleMs: number;
}

export interface RebalancePlan {
  /** Sessions to hand to each. */
  readonly quotas: ReadonlyMap<RingNodeId, number>;
  /** Some server is still out of bounds: whoever it takes may be moved, not only who belongs there by the ring. */
  readonly isUrgent: boolean;
}

/** A session or two are no imbalance. */
const slackSessions = 2;
/** So many standard deviations of chance (the root of the share, as people are hashed to servers) are none either. */
const chanceDeviations = 2.5;
/** Once begun it goes on until this little is left above the share. */
const narrow = 0.02;
/** A server whose strain (see `strainOf`) is above this takes nobody, unless the giver is worse off. */
const strainMax = 1.5;
/** Strain is averaged over about so long, ms: a moment's strain is no reason, and neither is a moment without. */
const strainMs = 5_000;
/** Hand-overs show in the receiver's load after so long at the latest, ms: two heartbeats and the way. */
const unseenMs = 3_000;

/**
 * Decides, for one server, how many sessions it should hand to whom. Every server runs its own over its own view; they
 * agree on nothing, and need not: each gives only what it has **above its own share**, split over those below theirs in
 * the proportion of what they lack, so that what all of them give together never overfills a server. Once reckoned, that
 * stands until everybody has heard of what the others gave meanwhile: whoever reckons again sooner takes what they gave
 * already for still lacking, and all of them together give too much.
 *
 * - It begins when some server has more than `c` × its share (weights counted), or less than `2 - c` × its share by more
 *   than chance, for `settleMs` on end, and the view has been complete and unchanged for as long; it ends when this server
 *   is at its share. A ring that flaps never settles, and a herd or a wave that passes within that time moves nobody.
 * - Only sessions count for giving; strain counts against receiving alone, and only on average.
 * - **Bounds**: moves in all at most the sum of what was above the shares, which is the least that any way of
 *   balancing could move.
 *
 * State machine without a clock: `now` is monotonic, ms. **Source**: the shares and the bound are those of Mirrokni,
 * Thorup, Zadimoghaddam, "Consistent hashing with bounded loads"; beginning wide and ending narrow is plain hysteresis.
 */
export class Rebalancer {
  readonly #options: RebalanceOptions;
  #version: number | undefined;
  #settledSince = Number.NEGATIVE_INFINITY;
  /** Since when some server has been out of bounds at every look. */
  #outSince: number | undefined;
  #isUnderWay = false;
  #lookedAt: number | undefined;
  readonly #strains = new Map<RingNodeId, number>();
  /** What receivers will show once they have heard of everybody that we gave them. */
  readonly #expected = new Map<RingNodeId, { readonly sessions: number; readonly at: number }>();
  /** Who lacked most when it began; only they are given anything until it ends. */
  #receivers: ReadonlySet<RingNodeId> = new Set();
  /** What is still to give of the last reckoning. */
  #round: { readonly at: number; readonly left: Map<RingNodeId, number> } | undefined;

  /** **Errors**: RangeError for a `c` that leaves no room for noise. */
  constructor(options: RebalanceOptions) {
    if (!(options.c >= 1.05)) throw new RangeError(`c must be at least 1.05, not ${options.c}.`);
    this.#options = options;
  }

  get isUnderWay(): boolean {
    return this.#isUnderWay;
  }

  /** `own`: the sessions here without those that are on their way out. Undefined: nothing is to be done. */
  look(now: number, view: RebalanceView, own: number): RebalancePlan | undefined {
    const { self, settleMs } = this.#options;
    this.#averageStrain(now, view.nodes);
    if (!view.isComplete || view.version !== this.#version) {
      this.#version = view.isComplete ? view.version : undefined;
      this.#settledSince = now;
    }
    const me = view.nodes.find(({ node }) => node === self);
    const isSettled = now - this.#settledSince >= settleMs;
    if (!view.isComplete) this.#outSince = undefined;
    if (!view.isComplete || me === undefined || me.condition?.isDraining === true) return this.#end();
    return this.#plan(now, view.nodes, own, isSettled);
  }

  /** These sessions were handed over. `shown`: what the view shows of the receiver. */
  gave(now: number, to: RingNodeId, sessions: number, shown: number): void {
    this.#expected.set(to, { sessions: this.#estimate(now, to, shown) + sessions, at: now });
    this.#round?.left.set(to, (this.#round.left.get(to) ?? 0) - sessions);
  }

  /** Nobody was found to hand over: it begins anew when a server is out of bounds. */
  rest(): void {
    this.#end();
  }

  #plan(now: number, all: readonly RebalanceNode[], own: number, isSettled: boolean): RebalancePlan | undefined {
    const { self, c, settleMs } = this.#options;
    const open = all.filter(({ condition }) => condition?.isDraining !== true);
    // Our own load as old as that of the others, or a herd that comes to all would seem to have come to us alone.
    const loads = open.map(({ node, sessions }) =>
      node === self ? Math.min(own, sessions) : this.#estimate(now, node, sessions),
    );
    const total = loads.reduce((sum, load) => sum + load, 0);
    const weightSum = open.reduce((sum, { weight }) => sum + weight, 0);
    const shares = open.map(({ weight }) => (total * weight) / weightSum);
    const over = open.map((_, index) => (loads[index] ?? 0) - (shares[index] ?? 0));

    const me = open.findIndex(({ node }) => node === self);
    const [excess, share] = [over[me] ?? 0, shares[me] ?? 0];
    const roomAbove = shares.map((one) => (c - 1) * one + slackSessions);
    const roomBelow = shares.map((one) => Math.max((c - 1) * one, chanceDeviations * Math.sqrt(one)) + 1);
    const isUrgent = over.some((one, index) => one > (roomAbove[index] ?? 0) || -one > (roomBelow[index] ?? 0));
    if (!isUrgent) this.#outSince = undefined;
    else this.#outSince ??= now;
    const isLasting = this.#outSince !== undefined && now - this.#outSince >= settleMs;
    if (!isSettled || (!this.#isUnderWay && !isLasting)) return this.#end();
    if (excess <= Math.max(1, narrow * share)) return this.#end();
    const lacking = open.filter((_, index) => (over[index] ?? 0) < 0);
    const starved = open.filter((_, index) => -(over[index] ?? 0) > (roomBelow[index] ?? 0) / 2);
    if (!this.#isUnderWay) this.#receivers = new Set((starved.length > 0 ? starved : lacking).map(({ node }) => node));
    const excessSum = over.reduce((sum, one) => sum + Math.max(0, one), 0);
    const isFresh = this.#round === undefined || now - this.#round.at >= unseenMs;
    const quotas = new Map<RingNodeId, number>();
    for (const [index, { node, condition }] of open.entries()) {
      const lack = -(over[index] ?? 0);
      if (lack <= 0 || !this.#receivers.has(node) || !this.#mayReceive(node, condition)) continue;
      const ours = Math.round((lack * excess) / excessSum);
      const quota = isFresh ? ours : Math.min(this.#round?.left.get(node) ?? 0, Math.round(lack));
      if (quota > 0) quotas.set(node, quota);
    }
    if (isFresh && quotas.size === 0) return this.#end();
    if (isFresh) this.#round = { at: now, left: new Map(quotas) };
    this.#isUnderWay = true;
    return quotas.size === 0 ? undefined : { quotas, isUrgent };
  }

  #estimate(now: number, node: RingNodeId, shown: number): number {
    const expected = this.#expected.get(node);
    return expected !== undefined && now - expected.at < unseenMs ? Math.max(shown, expected.sessions) : shown;
  }

  #mayReceive(node: RingNodeId, condition: NodeCondition | undefined): boolean {
    const limit = Math.max(strainMax, this.#strains.get(this.#options.self) ?? 1);
    // Also as it is just now: the average follows a strain that has begun only after a while.
    return Math.max(this.#strains.get(node) ?? 1, strainOf(condition)) <= limit;
  }

  #averageStrain(now: number, nodes: readonly RebalanceNode[]): void {
    const elapsedMs = this.#lookedAt === undefined ? 0 : now - this.#lookedAt;
    this.#lookedAt = now;
    const fresh = 1 - Math.exp(-elapsedMs / strainMs);
    const present = new Set(nodes.map(({ node }) => node));
    for (const node of this.#strains.keys()) if (!present.has(node)) this.#strains.delete(node);
    for (const { node, condition } of nodes) {
      const strain = strainOf(condition);
      const before = this.#strains.get(node) ?? strain;
      this.#strains.set(node, before + (strain - before) * fresh);
    }
  }

  #end(): undefined {
    this.#isUnderWay = false;
    this.#round = undefined;
    return undefined;
  }
}

export interface RebalanceUser {
  readonly user: string;
  /** All of a user's sessions move together. */
  readonly sessions: number;
}

export interface HandOver extends RebalanceUser {
  readonly to: RingNodeId;
}

/**
 * Which users to hand over, for a plan of {@link Rebalancer}: first those whose place on the ring is at the
 * receiver, then those for whom the receiver comes before this server, then, only where `isUrgent`, anybody. So a server
 * that was added gets those users whom the ring would give it anyway, and who was placed elsewhere for want of room goes
 * home first. At most `sessionsMax` sessions, but one user at least where any fits its quota. Pure.
 */
export function chooseHandOvers(
  ring: Ring,
  self: RingNodeId,
  users: () => Iterable<RebalanceUser>,
  quotas: ReadonlyMap<RingNodeId, number>,
  limits: { readonly sessionsMax: number; readonly isUrgent: boolean },
): readonly HandOver[] {
  const left = new Map(quotas);
  const chosen = new Map<string, HandOver>();
  let sum = 0;
  const hasRoom = (node: RingNodeId, sessions: number): boolean => (left.get(node) ?? 0) >= sessions;
  const places: ((key: string, sessions: number) => RingNodeId | undefined)[] = [
    (key) => ring.home(key),
    (key, sessions) => firstOf(ring, key, (node) => node === self || hasRoom(node, sessions)),
    ...(limits.isUrgent
      ? [(key: string, sessions: number) => firstOf(ring, key, (node) => hasRoom(node, sessions))]
      : []),
  ];
  for (const place of places) {
    for (const { user, sessions } of users()) {
      const isFull = sum >= limits.sessionsMax || [...left.values()].every((quota) => quota < 1);
      if (isFull) return [...chosen.values()];
      if (chosen.has(user) || (sum > 0 && sum + sessions > limits.sessionsMax)) continue;
      const to = place(`user:${user}`, sessions);
      if (to === undefined || to === self || !hasRoom(to, sessions)) continue;
      chosen.set(user, { user, sessions, to });
      left.set(to, (left.get(to) ?? 0) - sessions);
      sum += sessions;
    }
  }
  return [...chosen.values()];
}

function firstOf(ring: Ring, key: string, fits: (node: RingNodeId) => boolean): RingNodeId | undefined {
  for (const { node } of ring.walk(key)) if (fits(node)) return node;
  return undefined;
}
