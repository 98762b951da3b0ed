import type { Clock } from "./clock.ts";
import { createDrainWish, type DrainWish } from "./drain-wish.ts";
import type { Lease, NodeId, NodeInfo } from "./registry.ts";

export interface HeldLease {
  readonly info: Omit<NodeInfo, "epoch">;
  readonly epoch: number;
}

/** What the registry does for a lease. */
export interface LeaseActions {
  /** The state is another: tell everyone now. */
  change(): Promise<void>;
  leave(node: NodeId, epoch: number): Promise<void>;
}

/** The leases that this process holds: a process may be gateway and chat server in one. */
export interface HeldLeases {
  add(info: Omit<NodeInfo, "epoch">, epoch: number, actions: LeaseActions): Lease;
  find(node: NodeId): HeldLease | undefined;
  list(): HeldLease[];
  /** The lease was taken anew: tells its owner. */
  renew(node: NodeId, epoch: number): void;
  /** Somebody asked this incarnation to drain: tells its owner, once. */
  askDrain(node: NodeId, epoch: number): void;
  /**
   * This process stood still: every lease is lost, whether or not anybody noticed. The new epochs are made here, since
   * the owners must forget what they own before the registry can be asked.
   */
  loseAll(): void;
}

export function createHeldLeases(clock: Clock): HeldLeases {
  interface Held {
    info: Omit<NodeInfo, "epoch">;
    epoch: number;
    readonly listeners: Set<(newEpoch: number) => void>;
    readonly drainWish: DrainWish;
  }
  const held = new Map<NodeId, Held>();

  function renew(node: NodeId, epoch: number): void {
    const lease = held.get(node);
    if (lease === undefined) return;
    lease.epoch = epoch;
    for (const listener of [...lease.listeners]) listener(epoch);
  }

  return {
    add(info, epoch, actions) {
      const entry: Held = { info, epoch, listeners: new Set(), drainWish: createDrainWish() };
      held.set(info.node, entry);
      const isHeld = () => held.get(info.node) === entry;
      return {
        node: info.node,
        get epoch() {
          return entry.epoch;
        },
        async update(change) {
          const hasNewState = change.state !== undefined && change.state !== entry.info.state;
          entry.info = { ...entry.info, ...change };
          if (hasNewState && isHeld()) await actions.change();
        },
        onLost(listener) {
          entry.listeners.add(listener);
          return () => entry.listeners.delete(listener);
        },
        onDrainAsked: (listener) => entry.drainWish.onAsked(listener),
        async leave() {
          if (!isHeld()) return;
          held.delete(info.node);
          await actions.leave(info.node, entry.epoch);
        },
      };
    },
    find: (node) => held.get(node),
    list: () => [...held.values()].map(({ info, epoch }) => ({ info, epoch })),
    renew,
    askDrain(node, epoch) {
      const lease = held.get(node);
      if (lease?.epoch === epoch) lease.drainWish.ask();
    },
    loseAll() {
      for (const [node, { epoch }] of [...held]) renew(node, Math.max(epoch + 1, Math.floor(clock.wall())));
    },
  };
}
