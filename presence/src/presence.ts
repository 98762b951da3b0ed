import type { TokenVerifier } from "@parley/auth";
import type { Cluster } from "@parley/cluster";
import type { MessageStore } from "@parley/store";
import type { Telemetry } from "@parley/telemetry";
import type { PresenceConfig } from "./config.ts";
import { buildHttp } from "./http/server.ts";
import { takeLease } from "./leases/own-lease.ts";
import { startReaper } from "./leases/reaper.ts";
import { createLastKnown } from "./queries/last-known.ts";
import { createMemberships } from "./queries/membership.ts";
import { createUserQueries } from "./queries/users.ts";

export interface PresencePorts {
  readonly cluster: Cluster;
  readonly store: MessageStore;
  readonly tokens: TokenVerifier;
  readonly telemetry: Telemetry;
}

export interface Presence {
  readonly node: string;
  /** http://host:port */
  readonly httpUrl: string;
  /** As `httpUrl`; what every process has. */
  readonly address: string;
  /** Resolves when the store answers; an absent Redis does not make it unready, since answers say what they lack. */
  isReady(): Promise<boolean>;
  /** Somebody asked this process to drain. Whoever runs it does, and ends it. Called once. */
  onDrainAsked(listener: () => void): void;
  /** Tells the fleet that it goes; it still answers. */
  drain(): Promise<void>;
  /** Answers what is under way, then ends. The ports stay open: they are the caller's. **Repeat**: nothing more. */
  close(): Promise<void>;
}

/** Starts the presence process: admin queries over HTTP, and the reaper of what dead nodes left behind. */
export async function startPresence(config: PresenceConfig, ports: PresencePorts): Promise<Presence> {
  const { cluster, store, tokens, telemetry } = ports;
  const { node, host, port } = config;
  const lastKnown = createLastKnown(config.knownUsersMax);
  const app = await buildHttp({
    cluster,
    tokens,
    telemetry,
    users: createUserQueries(cluster, store, lastKnown),
    memberships: createMemberships(store, config.membershipsMax),
    apiKeys: config.apiKeys,
    requestsPerMinute: config.requestsPerMinute,
    refusalsPerMinute: config.refusalsPerMinute,
  });
  await app.listen({ host, port });
  const bound = app.server.address();
  const boundPort = typeof bound === "object" && bound !== null ? bound.port : port;
  const httpUrl = `http://${host.includes(":") ? `[${host}]` : host}:${boundPort}`;
  const lease = await takeLease(
    cluster,
    { node, role: "presence", address: httpUrl, process: config.process ?? node, weight: 1 },
    telemetry,
  ).catch(async (error: unknown) => {
    await app.close();
    throw error;
  });
  const reaper = startReaper(cluster.presence, config.reapIntervalMs, telemetry.logger);
  telemetry.logger.info({ httpUrl }, "presence is up");

  let closing: Promise<void> | undefined;
  async function end(): Promise<void> {
    await reaper.stop();
    await app.close();
    await lease.leave();
    telemetry.logger.info("presence has ended");
  }
  return {
    node,
    httpUrl,
    address: httpUrl,
    isReady: () =>
      store.ping().then(
        () => true,
        () => false,
      ),
    onDrainAsked: (listener) => lease.onDrainAsked(listener),
    drain: () => lease.drain(),
    close() {
      closing ??= end();
      return closing;
    },
  };
}
