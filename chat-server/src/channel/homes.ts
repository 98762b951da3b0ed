import type { ClusterView, NodeId, Registry } from "@parley/cluster";
import type { ChannelId } from "@parley/protocol";
import { createRing, type Ring } from "@parley/ring";

/** How long a server that nobody heard is passed over, ms: about what its lease takes to run out. */
const absentMs = 3_000;
/** Channels whose homes are kept; beyond it all are found anew. */
const foundMax = 50_000;

/**
 * Where channels live, as this server sees it: the plain ring over the chat servers that are up and within hearing.
 * Views may differ between servers for a moment; that costs speed, never truth (I7).
 */
export class Homes {
  readonly self: NodeId;
  private readonly registry: Registry;
  private readonly now: () => number;
  /** Incarnations whose inbox nobody listens to, and until when they are passed over. */
  private readonly absent = new Map<NodeId, { readonly epoch: number; readonly until: number }>();
  private readonly listeners = new Set<() => void>();
  /** Grows with each change of `absent`. */
  private changes = 0;
  private built: { readonly version: number; readonly changes: number; readonly ring: Ring } | undefined;
  /** Of the ring as it is: to hash a channel's name costs more than to find it here. */
  private readonly found = new Map<ChannelId, NodeId>();

  /** `now`: of the clock, ms. */
  constructor(self: NodeId, registry: Registry, now: () => number) {
    this.self = self;
    this.registry = registry;
    this.now = now;
  }

  /**
   * Nobody listens to that server's inbox: it has died, and its lease only has to run out. All who find that pass it
   * over at once and agree on the next on the ring, rather than each taking its channels over by itself.
   */
  noteAbsent(node: NodeId): void {
    if (node === this.self) return;
    const epoch = this.epochOf(node);
    const known = this.absent.get(node);
    this.absent.set(node, { epoch, until: this.now() + absentMs });
    if (known?.epoch === epoch) return;
    this.changes++;
    for (const listener of [...this.listeners]) listener();
  }

  /** That server has spoken. */
  notePresent(node: NodeId): void {
    if (this.absent.size === 0 || !this.absent.delete(node)) return;
    this.changes++;
    for (const listener of [...this.listeners]) listener();
  }

  /** Called when homes have moved because a server fell silent, or spoke again. */
  onHearing(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** This server itself where no other is known. */
  homeOf(channel: ChannelId): NodeId {
    const ring = this.ring();
    const known = this.found.get(channel);
    if (known !== undefined) return known;
    const home = ring.home(`channel:${channel}`) ?? this.self;
    if (this.found.size >= foundMax) this.found.clear();
    this.found.set(channel, home);
    return home;
  }

  isHome(channel: ChannelId): boolean {
    return this.homeOf(channel) === this.self;
  }

  /** Which incarnation of the node that is: one that was started anew under its old name knows nothing of us. */
  epochOf(node: NodeId): number {
    return this.registry.view().nodes.find((info) => info.node === node)?.epoch ?? 0;
  }

  /** The other chat servers, draining ones included: they still have sessions. */
  others(): readonly NodeId[] {
    return this.registry
      .view()
      .nodes.filter((info) => info.role === "chat-server" && info.node !== this.self)
      .map((info) => info.node);
  }

  onChange(listener: (view: ClusterView) => void): () => void {
    return this.registry.onView(listener);
  }

  private ring(): Ring {
    const view = this.registry.view();
    this.forgetAbsences();
    if (this.built?.version === view.version && this.built.changes === this.changes) return this.built.ring;
    const nodes = view.nodes
      .filter((info) => info.role === "chat-server" && info.state === "up" && !this.absent.has(info.node))
      .map((info) => ({ node: info.node, weight: info.weight }));
    const ring = createRing(nodes);
    this.built = { version: view.version, changes: this.changes, ring };
    this.found.clear();
    return ring;
  }

  private forgetAbsences(): void {
    if (this.absent.size === 0) return;
    const now = this.now();
    for (const [node, { epoch, until }] of this.absent) {
      if (now < until && this.epochOf(node) === epoch) continue;
      this.absent.delete(node);
      this.changes++;
    }
  }
}
