import { randomUUID } from "node:crypto";
import type { Bus } from "@parley/bus";
import type { Clock } from "./clock.ts";
import { createHeldLeases } from "./held-leases.ts";
import { assertNode } from "./names.ts";
import type { RedisCommands } from "./redis-commands.ts";
import type { RegistryKeys } from "./redis-keys.ts";
import { type ClusterView, type NodeId, type NodeInfo, type Registry, RegistryError } from "./registry.ts";
import { parseBeat } from "./registry-replies.ts";
import { type LeaseTimes, settleMs } from "./times.ts";
import { emptyView, freezeView, nextView, type Sighting } from "./view.ts";

export interface RedisRegistry extends Registry {
  /** Which of these incarnations live: by the view or, where it does not know them, by Redis. */
  findLive(incarnations: readonly { node: NodeId; epoch: number }[]): Promise<ReadonlySet<string>>;
  /**
   * Resolves when Redis still has the memory that the view was read from: what it lacks is lacking, then.
   * **Errors**: RegistryError when it came back empty since, which the next look will notice, or is out of reach.
   */
  confirm(): Promise<void>;
  /** Called after each look that reached Redis; `wasEmptied`: it has lost its memory since the last one. */
  onReach(listener: (wasEmptied: boolean) => void): void;
}

export const incarnationName = (node: NodeId, epoch: number): string => `${node} ${epoch}`;

export interface RedisRegistryParts {
  readonly commands: RedisCommands;
  /** "Look now": spares the others the wait for their next heartbeat. */
  readonly hints: Bus;
  readonly prefix: string;
  readonly keys: RegistryKeys;
  readonly clock: Clock;
  readonly times: LeaseTimes;
}

/**
 * The registry in Redis. One script a heartbeat and process renews its leases and shows everyone; see the scripts for
 * what each step guarantees. A node whose lease ran out is dropped only after a script has made that final (fenced),
 * and only a fenced node, or one that stood still itself, loses its lease: after an outage of Redis everybody goes on
 * with the old epoch.
 */
export function createRedisRegistry(parts: RedisRegistryParts): RedisRegistry {
  const { commands, hints, prefix, clock, times } = parts;
  const { meta, nodes, leases, left, fenced, incarnations, drains } = parts.keys;
  const keys = [meta, nodes, leases, left, fenced, incarnations, drains] as const;
  const topic = `{${prefix}:nodes}:changed`;
  const held = createHeldLeases(clock);
  const viewListeners = new Set<(view: ClusterView) => void>();
  const reachListeners: ((wasEmptied: boolean) => void)[] = [];
  let view = emptyView;
  let generation: string | undefined;
  /** Since when Redis has been answering with its memory whole, monotonic ms; undefined while out of reach. */
  let soundSince: number | undefined = Number.NEGATIVE_INFINITY;
  let lastTickAt = clock.monotonic();
  let isClosed = false;
  let isHinted = false;

  function show(next: ClusterView): void {
    const hasChanged = next.version !== view.version || next.isComplete !== view.isComplete;
    view = next;
    if (hasChanged) for (const listener of [...viewListeners]) listener(view);
  }

  function hint(): void {
    // A lost hint costs the others at most one heartbeat.
    hints.publish(topic, new Uint8Array(0)).catch(() => undefined);
  }

  async function lookOnce(): Promise<void> {
    const beating = held.list();
    let reply: ReturnType<typeof parseBeat>;
    try {
      const words = beating.flatMap(({ info, epoch }) => [info.node, epoch, JSON.stringify(info)]);
      reply = parseBeat(
        await commands.run((client) => client.parleyBeat(...keys, randomUUID(), times.leaseMs, ...words)),
      );
    } catch {
      soundSince = undefined;
      show(freezeView(view));
      return;
    }
    if (isClosed) return;
    const now = clock.monotonic();
    const wasEmptied = generation !== undefined && generation !== reply.generation;
    if (soundSince === undefined || wasEmptied) soundSince = now;
    generation = reply.generation;
    const isSettled = now - soundSince >= settleMs(times) && reply.ageMs >= settleMs(times);

    const lost = beating.filter((_, index) => reply.outcomes[index] === 0);
    for (const lease of lost) await takeAnew(lease.info.node);
    for (const [index, { info, epoch }] of beating.entries()) {
      if (reply.outcomes[index] === 2) held.askDrain(info.node, epoch);
    }
    await follow(reply.sightings, isSettled);
    for (const listener of reachListeners) listener(wasEmptied);
    if (lost.length > 0) {
      isLookWanted = true;
      hint();
    }
  }

  async function takeAnew(node: NodeId): Promise<void> {
    const lease = held.find(node);
    if (lease === undefined) return;
    try {
      held.renew(node, await take(lease.info, lease.epoch));
    } catch {
      // Out of reach again: the next look finds it lost once more.
    }
  }

  async function take(info: Omit<NodeInfo, "epoch">, floor: number): Promise<number> {
    const json = JSON.stringify(info);
    return Number(await commands.run((client) => client.parleyTake(...keys, info.node, json, times.leaseMs, floor)));
  }

  /** Turns one look into the next view; deaths count only once they are final in Redis. */
  async function follow(sightings: readonly Sighting[], isSettled: boolean): Promise<void> {
    const first = nextView(view, sightings, { isSettled });
    const expired = new Set(sightings.flatMap((sighting) => (sighting.kind === "expired" ? [sighting.node] : [])));
    const toFence = first.dropped.filter(({ node }) => expired.has(node));
    if (toFence.length === 0) return show(first.view);
    const buried = await fence(toFence);
    const spared: Sighting[] = toFence.filter(({ node }) => !buried.has(node)).map((info) => ({ kind: "alive", info }));
    show(nextView(view, [...sightings, ...spared], { isSettled }).view);
    if (buried.size > 0) hint();
  }

  async function fence(dying: readonly NodeInfo[]): Promise<ReadonlySet<NodeId>> {
    // A little less than a heartbeat, so that the next beat's step is not taken for this one.
    const stepMs = Math.max(1, Math.floor(times.heartbeatMs * 0.9));
    const stepKeys = dying.map(({ role }) => `{${prefix}:nodes}:step:${role}`);
    const words = dying.flatMap(({ role, node, epoch }) => [role, node, epoch]);
    try {
      const outcomes = await commands.run((client) =>
        client.parleyFence(keys.length + stepKeys.length, ...keys, ...stepKeys, stepMs, ...words),
      );
      return new Set(dying.filter((_, index) => outcomes[index] === 1).map(({ node }) => node));
    } catch {
      return new Set();
    }
  }

  let isLookWanted = false;
  let looking: Promise<void> | undefined;
  /** Resolves when a look that began after this call is over; looks never overlap. */
  function look(): Promise<void> {
    isLookWanted = true;
    looking ??= lookWhileWanted();
    return looking;
  }

  async function lookWhileWanted(): Promise<void> {
    try {
      while (isLookWanted && !isClosed) {
        isLookWanted = false;
        await lookOnce();
      }
    } finally {
      looking = undefined;
    }
  }

  function tick(): void {
    const now = clock.monotonic();
    // Longer than a lease without a tick: this process stood still, and others may have acted on it.
    if (now - lastTickAt > times.leaseMs) held.loseAll();
    lastTickAt = now;
    if (!isHinted) subscribeToHints();
    void look();
  }

  function subscribeToHints(): void {
    isHinted = true;
    hints
      .subscribe(topic, () => void look())
      .catch(() => {
        isHinted = false;
      });
  }

  hints.onChange((isUp) => {
    if (isUp) void look();
  });
  subscribeToHints();
  const stopTicking = clock.every(times.heartbeatMs, tick);
  void look();

  return {
    async join(wanted) {
      assertNode(wanted.node);
      const epoch = await take(wanted, 0);
      const lease = held.add(wanted, epoch, {
        async change() {
          await look();
          hint();
        },
        async leave(node, lastEpoch) {
          // Out of reach: the lease runs out by itself.
          await commands.run((client) => client.parleyLeave(...keys, node, lastEpoch)).catch(() => undefined);
          hint();
          void look();
        },
      });
      await look();
      hint();
      return lease;
    },
    view: () => view,
    onView(listener) {
      viewListeners.add(listener);
      return () => viewListeners.delete(listener);
    },
    async askDrain(node) {
      assertNode(node);
      const epoch = await commands.run((client) => client.parleyAskDrain(...keys, node));
      if (epoch === "") return undefined;
      hint();
      return Number(epoch);
    },
    onReach: (listener) => void reachListeners.push(listener),
    async findLive(wanted) {
      const inView = new Set(view.nodes.map(({ node, epoch }) => incarnationName(node, epoch)));
      const live = new Set<string>();
      const unknown = new Map<string, { node: NodeId; epoch: number }>();
      for (const one of wanted) {
        const name = incarnationName(one.node, one.epoch);
        if (inView.has(name)) live.add(name);
        else unknown.set(name, one);
      }
      if (unknown.size === 0) return live;
      const words = [...unknown.values()].flatMap(({ node, epoch }) => [node, epoch]);
      const outcomes = await commands.run((client) => client.parleyHolds(...keys, ...words));
      for (const [index, name] of [...unknown.keys()].entries()) if (outcomes[index] === 1) live.add(name);
      return live;
    },
    async confirm() {
      const now = await commands.run((client) => client.hget(meta, "generation"));
      if (generation !== undefined && now !== generation) throw new RegistryError("Redis has come back empty.");
    },
    async close() {
      isClosed = true;
      stopTicking();
      viewListeners.clear();
    },
  };
}
