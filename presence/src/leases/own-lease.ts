import type { Cluster, NodeInfo } from "@parley/cluster";
import type { Telemetry } from "@parley/telemetry";

export interface OwnLease {
  onDrainAsked(listener: () => void): void;
  drain(): Promise<void>;
  leave(): Promise<void>;
}

const loadIntervalMs = 1_000;

/** Announces this process to the fleet and tells its load; presence owns nothing, so a lost lease costs nothing. */
export async function takeLease(
  cluster: Cluster,
  info: Omit<NodeInfo, "epoch" | "load" | "state">,
  telemetry: Telemetry,
): Promise<OwnLease> {
  const { metrics, logger } = telemetry;
  const lease = await cluster.registry.join({ ...info, state: "up", load: telemetry.load(0) });
  const stopListening = lease.onLost((epoch) => {
    metrics.leasesLost.inc();
    logger.warn({ epoch }, "lease lost and taken anew");
  });
  const timer = setInterval(() => {
    const { nodes, isComplete } = cluster.registry.view();
    metrics.registryUp.set(isComplete ? 1 : 0);
    metrics.nodesSeen.set(nodes.length);
    lease.update({ load: telemetry.load(0) }).catch((error: unknown) => logger.debug({ err: error }, "load not told"));
  }, loadIntervalMs);
  timer.unref();
  return {
    onDrainAsked: (listener) => void lease.onDrainAsked(listener),
    async drain() {
      // Out of reach: the lease runs out instead.
      await lease
        .update({ state: "draining", drain: { since: Date.now(), sessionsAtBegin: 0 } })
        .catch((error: unknown) => logger.debug({ err: error }, "drain not told"));
    },
    async leave() {
      clearInterval(timer);
      stopListening();
      await lease.leave();
    },
  };
}
