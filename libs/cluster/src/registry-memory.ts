import type { Clock } from "./clock.ts";
import { createDrainWish, type DrainWish } from "./drain-wish.ts";
import { assertNode } from "./names.ts";
import { type ClusterView, type Lease, type NodeId, type NodeInfo, type Registry, RegistryError } from "./registry.ts";
import type { LeaseTimes } from "./times.ts";
import { emptyView, freezeView, nextView, type Sighting } from "./view.ts";

export interface MemoryRegistry extends Registry {
  stall(node: NodeId): void;
  wake(node: NodeId): void;
  setUp(isUp: boolean): void;
  wipe(): void;
  /** True while this incarnation of the node is in the view. */
  holds(node: NodeId, epoch: number): boolean;
  /** Throws RegistryError while the registry is away or closed. */
  assertUp(): void;
}

interface Held {
  info: NodeInfo;
  /** When it last beat, monotonic ms. */
  beatAt: number;
  isStalled: boolean;
  /** Somebody acted on its silence: it comes back only with a new epoch. */
  wasDropped: boolean;
  readonly lostListeners: Set<(newEpoch: number) => void>;
  readonly drainWish: DrainWish;
}

export function createMemoryRegistry(clock: Clock, times: LeaseTimes): MemoryRegistry {
  const held = new Map<NodeId, Held>();
  const left = new Set<NodeId>();
  const listeners = new Set<(view: ClusterView) => void>();
  let view = emptyView;
  let lastEpoch = 0;
  let settledAt = Number.NEGATIVE_INFINITY;
  let isUp = true;
  let isClosed = false;

  function takeEpoch(): number {
    lastEpoch = Math.max(lastEpoch + 1, clock.wall());
    return lastEpoch;
  }

  function show(next: ClusterView): void {
    const hasChanged = next.version !== view.version || next.isComplete !== view.isComplete;
    view = next;
    if (hasChanged) for (const listener of [...listeners]) listener(view);
  }

  function look(): void {
    if (isClosed || !isUp) return;
    const now = clock.monotonic();
    const sightings: Sighting[] = [...left].map((node) => ({ kind: "left", node }));
    for (const entry of held.values()) {
      const { info, isStalled, wasDropped } = entry;
      // Whoever looks lives, and so do all nodes of this process: one that stood still as a whole has lost nobody.
      if (!isStalled) entry.beatAt = now;
      const isAlive = !wasDropped && now - entry.beatAt < times.leaseMs;
      sightings.push(isAlive ? { kind: "alive", info } : { kind: "expired", node: info.node });
    }
    left.clear();
    const step = nextView(view, sightings, { isSettled: now - settledAt >= times.leaseMs });
    for (const { node } of step.dropped) {
      const entry = held.get(node);
      if (entry !== undefined) entry.wasDropped = true;
    }
    show(step.view);
  }

  function beat(): void {
    if (isClosed || !isUp) return;
    for (const entry of [...held.values()]) {
      if (entry.isStalled || !entry.wasDropped) continue;
      entry.wasDropped = false;
      entry.info = { ...entry.info, epoch: takeEpoch() };
      for (const listener of [...entry.lostListeners]) listener(entry.info.epoch);
    }
    look();
  }

  const stopBeating = clock.every(times.heartbeatMs, beat);

  function assertUp(): void {
    if (isClosed) throw new RegistryError("The registry is closed.");
    if (!isUp) throw new RegistryError("The registry is out of reach.");
  }

  return {
    async join(wanted) {
      assertUp();
      assertNode(wanted.node);
      const entry: Held = {
        info: { ...wanted, epoch: takeEpoch() },
        beatAt: clock.monotonic(),
        isStalled: false,
        wasDropped: false,
        lostListeners: new Set(),
        drainWish: createDrainWish(),
      };
      held.set(wanted.node, entry);
      left.delete(wanted.node);
      look();
      const isHeld = () => held.get(wanted.node) === entry;
      const lease: Lease = {
        node: wanted.node,
        get epoch() {
          return entry.info.epoch;
        },
        async update(change) {
          if (!isHeld()) return;
          const hasNewState = change.state !== undefined && change.state !== entry.info.state;
          entry.info = { ...entry.info, ...change };
          if (hasNewState) look();
        },
        onLost(listener) {
          entry.lostListeners.add(listener);
          return () => entry.lostListeners.delete(listener);
        },
        onDrainAsked: (listener) => entry.drainWish.onAsked(listener),
        async leave() {
          if (!isHeld()) return;
          held.delete(wanted.node);
          left.add(wanted.node);
          look();
        },
      };
      return lease;
    },
    view: () => view,
    onView(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async askDrain(node) {
      assertUp();
      assertNode(node);
      const entry = held.get(node);
      if (entry === undefined || entry.wasDropped) return undefined;
      entry.drainWish.ask();
      return entry.info.epoch;
    },
    async close() {
      isClosed = true;
      stopBeating();
      listeners.clear();
    },
    stall(node) {
      const entry = held.get(node);
      if (entry !== undefined) entry.isStalled = true;
    },
    wake(node) {
      const entry = held.get(node);
      if (entry !== undefined) entry.isStalled = false;
      beat();
    },
    setUp(next) {
      if (next === isUp) return;
      isUp = next;
      if (!next) {
        show(freezeView(view));
        return;
      }
      settledAt = clock.monotonic();
      beat();
    },
    wipe() {
      settledAt = clock.monotonic();
      for (const entry of held.values()) if (entry.isStalled) entry.beatAt = Number.NEGATIVE_INFINITY;
      look();
    },
    holds: (node, epoch) => view.nodes.some((info) => info.node === node && info.epoch === epoch),
    assertUp,
  };
}
