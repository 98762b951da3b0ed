import type { Cluster, ClusterView, NodeInfo } from "@parley/cluster";
import { createRing, placeBounded, type Ring } from "@parley/ring";
import type { Telemetry } from "@parley/telemetry";
import pLimit from "p-limit";
import type { ChatServerConfig } from "../config.ts";
import type { ChatUser, Users } from "../session/users.ts";
import { type HandOvers, movesMax } from "./hand-over.ts";

/** How often the users that are still here are looked at, ms. */
const roundMs = 50;

export interface DrainOptions {
  readonly config: ChatServerConfig;
  readonly cluster: Cluster;
  readonly users: Users;
  readonly handOvers: HandOvers;
  readonly telemetry: Telemetry;
}

/**
 * Hands every user to another chat server, `drainPerSecond` sessions a second, until none is left or `drainDeadlineMs`
 * is over. We choose the places, by the ring with bounded loads and counting what we give away: the gateways, which would
 * choose by loads that are a heartbeat old and a view that may not show our drain yet, follow the claim. Where the
 * registry is away they choose by the ring. Who comes back, or came late, is sent away again. While no other server is up
 * nobody is sent anywhere: a session that stays is served.
 */
export async function drainUsers(options: DrainOptions): Promise<void> {
  const { config, cluster, users, handOvers, telemetry } = options;
  const until = performance.now() + config.drainDeadlineMs;
  const limit = pLimit(movesMax);
  const given = new Map<string, number>();
  let rings: { readonly version: number; readonly ring: Ring } | undefined;

  const choose = (view: ClusterView, user: string): NodeInfo | undefined => {
    const others = view.nodes.filter((info) => info.role === "chat-server" && info.node !== config.node);
    const up = others.filter(({ state }) => state === "up");
    if (rings?.version !== view.version) rings = { version: view.version, ring: createRing(up) };
    const loads = new Map(up.map(({ node, load }) => [node, load.sessions + (given.get(node) ?? 0)]));
    const conditions = new Map(up.map(({ node, load }) => [node, load]));
    const node = placeBounded(rings.ring, `user:${user}`, loads, { c: config.rebalanceBound, conditions });
    return up.find((info) => info.node === node);
  };

  const move = async (owner: ChatUser): Promise<void> => {
    // Its place stands; a device that is still here has not gone yet, or came late.
    if (handOvers.isLeaving(owner.user)) return handOvers.sendAway(owner);
    const to = choose(cluster.registry.view(), owner.user);
    if (to === undefined) return;
    const sessions = owner.sessions.size;
    try {
      const holder = await handOvers.handOver(owner.user, to);
      given.set(holder.node, (given.get(holder.node) ?? 0) + sessions);
    } catch (error) {
      telemetry.logger.debug({ err: error }, "claim not moved: gateways choose");
      handOvers.sendAway(owner);
    }
  };

  const perRound = Math.max(1, (config.drainPerSecond * roundMs) / 1_000);
  let budget = 0;
  while (users.sessionCount > 0 && performance.now() < until) {
    budget = Math.min(perRound, budget + perRound);
    const round: Promise<void>[] = [];
    for (const owner of users.all()) {
      if (budget <= 0) break;
      if (!handOvers.isDue(owner)) continue;
      budget -= owner.sessions.size;
      round.push(limit(() => move(owner)));
    }
    await Promise.all([...round, new Promise((resolve) => setTimeout(resolve, roundMs))]);
  }
}
