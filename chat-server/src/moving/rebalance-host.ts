import type { Cluster, ClusterView, NodeInfo } from "@parley/cluster";
import { chooseHandOvers, createRingCache, Rebalancer, type RebalanceUser, type RebalanceView } from "@parley/ring";
import type { Telemetry } from "@parley/telemetry";
import pLimit from "p-limit";
import { BackgroundHost } from "../background-host.ts";
import type { Clock } from "../clock.ts";
import type { ChatServerConfig } from "../config.ts";
import type { Users } from "../session/users.ts";
import { type HandOvers, movesMax } from "./hand-over.ts";

const lookMs = 500;

export interface RebalanceOptions {
  readonly config: ChatServerConfig;
  readonly cluster: Cluster;
  readonly users: Users;
  readonly handOvers: HandOvers;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
}

/**
 * Gives users to servers that have too few, at most `rebalancePerSecond` sessions a second (ADR 0014): connects the
 * pure {@link Rebalancer} to the view, to our users and to time. Without a registry nobody moves.
 */
export class RebalanceHost {
  private readonly options: RebalanceOptions;
  private readonly rebalancer: Rebalancer;
  private readonly rings = createRingCache();
  private readonly limit = pLimit(movesMax);
  private readonly work: BackgroundHost;
  private budget = 0;
  private lookedAt = performance.now();
  private given = 0;

  constructor(options: RebalanceOptions) {
    const { clock, config, telemetry } = options;
    this.options = options;
    const { node: self, rebalanceBound: c, rebalanceAfterMs: settleMs } = config;
    this.rebalancer = new Rebalancer({ self, c, settleMs });
    const waitsFor = "rebalancing waits for the registry";
    this.work = new BackgroundHost({ clock, everyMs: lookMs, telemetry, waitsFor, work: () => this.look() });
  }

  close(): void {
    this.work.close();
  }

  private async look(): Promise<void> {
    const { cluster, config, handOvers, users, telemetry } = this.options;
    const now = performance.now();
    const { rebalancePerSecond: perSecond } = config;
    // What one look is worth, and a part of a session that was left: more must not gather, or all of a quiet second would
    // be given at once.
    const budgetMax = (perSecond * lookMs) / 1_000 + 1;
    this.budget = Math.min(budgetMax, this.budget + (perSecond * (now - this.lookedAt)) / 1_000);
    this.lookedAt = now;
    await handOvers.followUp();
    const view = cluster.registry.view();
    const wasUnderWay = this.rebalancer.isUnderWay;
    const plan = this.rebalancer.look(now, toRebalanceView(view), users.sessionCount - handOvers.leaving);
    if (plan === undefined) {
      if (wasUnderWay) telemetry.logger.info({ given: this.given }, "rebalanced");
      this.given = 0;
      return;
    }
    if (this.budget < 1) return;
    if (!wasUnderWay) telemetry.logger.info({ quotas: Object.fromEntries(plan.quotas) }, "rebalancing");
    const nodes = new Map(view.nodes.map((info) => [info.node, info]));
    const ring = this.rings.read(view.version, () => view.nodes.filter(isUp));
    const limits = { sessionsMax: this.budget, isUrgent: plan.isUrgent };
    const chosen = chooseHandOvers(ring, config.node, () => this.candidates(), plan.quotas, limits);
    if (chosen.length === 0) this.rebalancer.rest();
    await Promise.all(
      chosen.map(({ user, sessions, to }) =>
        this.limit(async () => {
          const target = nodes.get(to);
          if (target === undefined) return;
          this.budget -= sessions;
          await handOvers.handOver(user, target);
          this.given += sessions;
          this.rebalancer.gave(now, to, sessions, target.load.sessions);
        }),
      ),
    );
  }

  /** Users that are here and not on their way out. */
  private *candidates(): Iterable<RebalanceUser> {
    const { users, handOvers } = this.options;
    for (const owner of users.all()) {
      const { user, sessions } = owner;
      if (sessions.size > 0 && !handOvers.isLeaving(user)) yield { user, sessions: sessions.size };
    }
  }
}

const isUp = ({ role, state }: NodeInfo): boolean => role === "chat-server" && state === "up";

function toRebalanceView({ version, isComplete, nodes }: ClusterView): RebalanceView {
  return {
    version,
    isComplete,
    nodes: nodes
      .filter(({ role }) => role === "chat-server")
      .map(({ node, weight, load, state }) => {
        const { eventLoopDelayMs, cpu } = load;
        return {
          node,
          weight,
          sessions: load.sessions,
          condition: { isDraining: state === "draining", eventLoopDelayMs, cpu },
        };
      }),
  };
}
