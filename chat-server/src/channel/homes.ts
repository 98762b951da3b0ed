import type { ClusterView, NodeId, Registry } from "@parley/cluster";
import type { ChannelId } from "@parley/protocol";
import { createRingCache, type Ring } from "@parley/ring";

/**
 * Where channels live, as this server sees it: the plain ring over the chat servers that are up. Views may differ
 * between servers for a moment; that costs speed, never truth (I7).
 */
export class Homes {
  readonly self: NodeId;
  private readonly registry: Registry;
  private readonly cache = createRingCache();

  constructor(self: NodeId, registry: Registry) {
    this.self = self;
    this.registry = registry;
  }

  /** This server itself where no other is known. */
  homeOf(channel: ChannelId): NodeId {
    return this.ring().home(`channel:${channel}`) ?? this.self;
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
    return this.cache.read(view.version, () =>
      view.nodes
        .filter((info) => info.role === "chat-server" && info.state === "up")
        .map((info) => ({ node: info.node, weight: info.weight })),
    );
  }
}
