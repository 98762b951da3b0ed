import {
  type Cluster,
  type ClusterView,
  freezeView,
  type Lease,
  leaseTimes,
  type NodeId,
  type NodeInfo,
  nextView,
  type Placement,
  type Registry,
  RegistryError,
} from "@parley/cluster";
import { PresenceModel } from "./presence-model.ts";
import type { Incarnation } from "./timeline.ts";
import type { World } from "./world.ts";

interface Entry {
  info: NodeInfo;
  beatAt: number;
  /** Somebody acted on its silence: it comes back only with a new epoch. */
  isBuried: boolean;
}

/** The leases, claims and presence entries of the fleet, as one Redis would hold them. */
export class RegistryModel {
  readonly presence = new PresenceModel(this);
  readonly leases = new Map<NodeId, Entry>();
  readonly left = new Set<NodeId>();
  readonly claims = new Map<string, Placement>();
  isAway = false;
  /** Since when it has all of its memory, ms. */
  settledAt = -leaseTimes.leaseMs;
  private readonly observers = new Set<ObserverModel>();
  private lastEpoch = 0;

  takeEpoch(): number {
    return ++this.lastEpoch;
  }

  holds({ node, epoch }: Placement): boolean {
    const entry = this.leases.get(node);
    return entry !== undefined && entry.info.epoch === epoch && !entry.isBuried;
  }

  /** It came back empty: whoever lives beats anew. */
  wipe(now: number): void {
    this.leases.clear();
    this.claims.clear();
    this.settledAt = now;
  }

  setAway(isAway: boolean, now: number): void {
    if (this.isAway && !isAway) this.settledAt = now;
    this.isAway = isAway;
  }

  observe(observer: ObserverModel): void {
    this.observers.add(observer);
  }

  /** A hint by pub/sub that something is to be seen: some hear it, all look with their next beat. */
  hint(world: World): void {
    for (const observer of this.observers) {
      if (observer.owner.isDead) this.observers.delete(observer);
      else if (world.random.chance(0.7))
        world.timeline.after(world.random.between(1, 80), () => observer.look(), observer.owner);
    }
  }
}

/** How one process sees the registry: its own view, by the steps of production, a beat a second. */
export class ObserverModel implements Registry {
  readonly owner: Incarnation;
  /** Cut off from the registry until then, ms. */
  blindUntil = 0;
  private readonly world: World;
  private readonly registry: RegistryModel;
  private readonly listeners = new Set<(view: ClusterView) => void>();
  private current: ClusterView = { version: 0, nodes: [], isComplete: false };
  private own: { info: NodeInfo; readonly lost: Set<(epoch: number) => void> } | undefined;
  private lastBeatAt: number;
  private reachedAt: number;

  constructor(world: World, registry: RegistryModel, owner: Incarnation) {
    this.world = world;
    this.registry = registry;
    this.owner = owner;
    this.lastBeatAt = world.timeline.now;
    this.reachedAt = world.timeline.now - leaseTimes.leaseMs;
    registry.observe(this);
    this.beatLater(world.random.below(leaseTimes.heartbeatMs));
    this.look();
  }

  /** This process' part of the cluster. */
  get cluster(): Cluster {
    const { registry } = this;
    return {
      registry: this,
      directory: {
        claim: async (user, wanted) => this.claim(user, wanted),
        find: async (user) => registry.claims.get(user),
        move: async (_user, _from, to) => to,
        release: async () => undefined,
      },
      presence: registry.presence.portOf(this),
      close: async () => undefined,
    };
  }

  get isReachable(): boolean {
    return !this.registry.isAway && this.world.timeline.now >= this.blindUntil;
  }

  /** The first claim wins, for as long as its holder lives. **Errors**: RegistryError while out of reach. */
  claim(user: string, wanted: Placement): Placement {
    this.mustReach();
    const standing = this.registry.claims.get(user);
    if (standing !== undefined && this.registry.holds(standing)) return standing;
    this.registry.claims.set(user, wanted);
    return wanted;
  }

  mustReach(): void {
    if (!this.isReachable) throw new RegistryError("the registry is out of reach");
  }

  async join(wanted: Omit<NodeInfo, "epoch">): Promise<Lease> {
    const info = { ...wanted, epoch: this.registry.takeEpoch() };
    const own = { info, lost: new Set<(epoch: number) => void>() };
    this.own = own;
    this.beat();
    this.registry.hint(this.world);
    return {
      node: info.node,
      get epoch() {
        return own.info.epoch;
      },
      update: async (change) => {
        own.info = { ...own.info, ...change };
        if (change.state === undefined) return;
        this.beat();
        this.registry.hint(this.world);
      },
      onLost: (listener) => {
        own.lost.add(listener);
        return () => own.lost.delete(listener);
      },
      onDrainAsked: () => () => undefined,
      leave: async () => {
        this.own = undefined;
        if (!this.isReachable) return;
        this.registry.leases.delete(info.node);
        this.registry.left.add(info.node);
        this.registry.hint(this.world);
      },
    };
  }

  view(): ClusterView {
    return this.current;
  }

  onView(listener: (view: ClusterView) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async askDrain(): Promise<undefined> {}

  async close(): Promise<void> {}

  look(): void {
    const { now } = this.world.timeline;
    if (!this.isReachable) {
      this.reachedAt = Number.POSITIVE_INFINITY;
      return this.show(freezeView(this.current));
    }
    if (this.reachedAt === Number.POSITIVE_INFINITY) this.reachedAt = now;
    const { leases, left, settledAt } = this.registry;
    const sightings = [...leases.values()].map(({ info, beatAt, isBuried }) => {
      const isAlive = !isBuried && now - beatAt < leaseTimes.leaseMs;
      return isAlive ? ({ kind: "alive", info } as const) : ({ kind: "expired", node: info.node } as const);
    });
    const gone = [...left].map((node) => ({ kind: "left", node }) as const);
    const isSettled = now - Math.max(settledAt, this.reachedAt) >= leaseTimes.leaseMs;
    const step = nextView(this.current, [...sightings, ...gone], { isSettled });
    for (const { node } of step.dropped) {
      const entry = leases.get(node);
      if (entry !== undefined) entry.isBuried = true;
    }
    this.show(step.view);
  }

  private beatLater(delayMs: number): void {
    this.world.timeline.after(
      delayMs,
      () => {
        this.beat();
        this.look();
        this.beatLater(leaseTimes.heartbeatMs);
      },
      this.owner,
    );
  }

  private beat(): void {
    const { now } = this.world.timeline;
    const hasStood = now - this.lastBeatAt > leaseTimes.leaseMs;
    this.lastBeatAt = now;
    const { own, registry } = this;
    if (own === undefined) return;
    const entry = registry.leases.get(own.info.node);
    const isBuried = this.isReachable && entry?.isBuried === true;
    if (hasStood || isBuried) {
      // Others may have acted on its silence: it forgets what it owned before it does anything else.
      own.info = { ...own.info, epoch: registry.takeEpoch() };
      for (const listener of [...own.lost]) listener(own.info.epoch);
    }
    if (!this.isReachable) return;
    registry.left.delete(own.info.node);
    registry.leases.set(own.info.node, { info: own.info, beatAt: now, isBuried: false });
  }

  private show(next: ClusterView): void {
    const hasChanged = next.version !== this.current.version || next.isComplete !== this.current.isComplete;
    this.current = next;
    if (hasChanged) for (const listener of [...this.listeners]) listener(next);
  }
}
