import { type Cluster, type ClusterView, type NodeInfo, RegistryError } from "@parley/cluster";
import { createRingCache, type NodeCondition, placeBounded, type Ring } from "@parley/ring";
import type { Logger } from "@parley/telemetry";
import { RecentPlacements } from "./recent-placements.ts";

export interface PlacementOptions {
  readonly cluster: Cluster;
  readonly process: string;
  readonly loadBound: number;
  readonly logger: Logger;
  /** Monotonic, ms. */
  readonly now: () => number;
}

/**
 * Which chat server holds a user. Where the user lives already, new devices join; else consistent hashing with bounded
 * loads, the own process' chat server first. With the registry out of reach the plain ring over the frozen view
 * decides, which is the same for every gateway; the store makes any choice safe (I7).
 */
export class Placement {
  readonly #options: PlacementOptions;
  readonly #rings = createRingCache();
  readonly #placed: RecentPlacements;
  #isWarned = false;

  constructor(options: PlacementOptions) {
    this.#options = options;
    this.#placed = new RecentPlacements(options.now);
  }

  /**
   * Undefined when no chat server is up but those in `avoided`, or when the user lives on one that our view does not
   * show yet: look again soon. Never rejects because the registry is away.
   */
  async place(user: string, avoided: ReadonlySet<string>): Promise<NodeInfo | undefined> {
    const view = this.#options.cluster.registry.view();
    const fit = fitServers(view, avoided);
    if (fit.size === 0) return undefined;
    try {
      const node = await this.#claim(user, view, fit);
      this.#isWarned = false;
      return node;
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      if (!this.#isWarned)
        this.#options.logger.warn({ err: error }, "registry out of reach: placing by the plain ring");
      this.#isWarned = true;
      for (const { node } of this.#ring(view).walk(`user:${user}`)) {
        const info = fit.get(node);
        if (info !== undefined) return info;
      }
      return undefined;
    }
  }

  async #claim(user: string, view: ClusterView, fit: ReadonlyMap<string, NodeInfo>): Promise<NodeInfo | undefined> {
    const { directory } = this.#options.cluster;
    const held = await directory.find(user);
    const holder = held && view.nodes.find(({ node, epoch }) => node === held.node && epoch === held.epoch);
    if (holder !== undefined && fit.has(holder.node)) return holder;
    // It drains, or can't be reached from here. (One that our view does not show may be newer than the view.)
    if (held !== undefined && holder !== undefined) await directory.release(user, held);
    const wanted = fit.get(this.#choose(user, view, fit) ?? "");
    if (wanted === undefined) return undefined;
    const standing = await directory.claim(user, { node: wanted.node, epoch: wanted.epoch });
    const chosen = fit.get(standing.node);
    if (chosen !== undefined) this.#placed.note(chosen.node);
    return chosen;
  }

  #choose(user: string, view: ClusterView, fit: ReadonlyMap<string, NodeInfo>): string | undefined {
    const loads = new Map<string, number>();
    const conditions = new Map<string, NodeCondition>();
    const own: string[] = [];
    for (const info of view.nodes) {
      if (info.role !== "chat-server") continue;
      loads.set(info.node, info.load.sessions + this.#placed.countOf(info.node));
      const isDraining = !fit.has(info.node);
      conditions.set(info.node, { isDraining, eventLoopDelayMs: info.load.eventLoopDelayMs, cpu: info.load.cpu });
      if (info.process === this.#options.process && !isDraining) own.push(info.node);
    }
    // Several chat servers in the own process are all as near: then the ring decides.
    const prefer = own.length === 1 ? own[0] : undefined;
    return placeBounded(this.#ring(view), `user:${user}`, loads, { c: this.#options.loadBound, prefer, conditions });
  }

  #ring(view: ClusterView): Ring {
    return this.#rings.read(view.version, () => view.nodes.filter(({ role }) => role === "chat-server"));
  }
}

function fitServers(view: ClusterView, avoided: ReadonlySet<string>): Map<string, NodeInfo> {
  const fit = new Map<string, NodeInfo>();
  for (const info of view.nodes) {
    if (info.role === "chat-server" && info.state === "up" && !avoided.has(info.node)) fit.set(info.node, info);
  }
  return fit;
}
