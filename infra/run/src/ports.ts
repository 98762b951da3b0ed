import { hostname } from "node:os";
import { join } from "node:path";
import { loadOrCreateSecret, type TokenVerifier } from "@parley/auth";
import { type Bus, createMemoryBus, createRedisBus, parseRedisUrl, waitForRedis } from "@parley/bus";
import { type Cluster, createMemoryCluster, createRedisCluster } from "@parley/cluster";
import type { Environment } from "@parley/config";
import { LocalLinks } from "@parley/link";
import { type MessageStore, openLmdbStore, openMongoStore, openRemoteStore, StoreError } from "@parley/store";
import { createProcessRegistry, createTelemetry, type LogLevel, type Telemetry } from "@parley/telemetry";
import type { NodeSettings } from "./settings.ts";
import { openTokens } from "./tokens.ts";

/** What the parts of one process share. */
export interface ProcessPorts {
  /** Settings of the parts, by their sections. */
  readonly environment: Environment;
  /** Unique for this process: parts that share it call each other instead of dialling. */
  readonly process: string;
  readonly secret: string;
  readonly tokens: TokenVerifier;
  readonly cluster: Cluster;
  readonly bus: Bus;
  readonly local: LocalLinks;
  readonly registry: ReturnType<typeof createProcessRegistry>;
  /** Opened at the first call: a gateway alone never opens it. */
  store(): Promise<MessageStore>;
  telemetry(node: string, role: string): Telemetry;
  close(): Promise<void>;
}

/** How long the store's process may be away, at first and later, before calls of it fail: it is started again in a second. */
const storeWithinMs = 3_000;

type PortSettings = Pick<
  NodeSettings,
  | "data"
  | "redis"
  | "mongodb"
  | "storeSocket"
  | "logLevel"
  | "logFile"
  | "tokenAlgorithms"
  | "tokenJwks"
  | "tokenAudience"
  | "tokenIssuer"
  | "tokenClockToleranceS"
> &
  // `npm start` has none.
  Partial<Pick<NodeSettings, "role">>;

/**
 * Opens what the settings name: Redis or memory, MongoDB or LMDB. Waits for a Redis that does not answer yet, a line a
 * second. **Errors**: rejects for keys or a data folder that cannot be used.
 */
export async function openPorts(
  settings: PortSettings,
  say: (line: string) => void,
  environment: Environment = process.env,
): Promise<ProcessPorts> {
  const secret = await loadOrCreateSecret(settings.data);
  const tokens = await openTokens(settings);
  const { bus, cluster } = await openCoordination(settings.redis, say);
  const registry = createProcessRegistry();
  const telemetries: Telemetry[] = [];
  let store: Promise<MessageStore> | undefined;
  return {
    environment,
    process: `${hostname()
      .replace(/[^A-Za-z0-9_-]/g, "-")
      .slice(0, 32)}-${process.pid}-${Date.now().toString(36)}`,
    secret,
    tokens,
    cluster,
    bus,
    local: new LocalLinks(),
    registry,
    store() {
      store ??= openStore(settings, say);
      return store;
    },
    telemetry(node, role) {
      const telemetry = createTelemetry({
        node,
        role,
        registry,
        level: settings.logLevel satisfies LogLevel,
        destination: settings.logFile === undefined ? "stderr" : { file: settings.logFile },
      });
      telemetries.push(telemetry);
      return telemetry;
    },
    async close() {
      await cluster.close();
      await bus.close();
      await (await store)?.close();
      for (const telemetry of telemetries) telemetry.close();
    },
  };
}

async function openCoordination(redisUrl: string | undefined, say: (line: string) => void) {
  if (redisUrl === undefined) return { bus: createMemoryBus(), cluster: createMemoryCluster() };
  const redis = parseRedisUrl(redisUrl);
  await waitForRedis(redis, say);
  const bus = createRedisBus({ redis });
  return { bus, cluster: createRedisCluster({ redis, bus }) };
}

function openStore(settings: PortSettings, say: (line: string) => void): Promise<MessageStore> {
  const { mongodb, storeSocket, data, role } = settings;
  if (mongodb !== undefined) return openMongoPatiently(mongodb, say);
  if (storeSocket !== undefined) return openRemoteStore({ path: storeSocket, connectMs: storeWithinMs });
  return openLmdbStore({ path: join(data, "log"), isAlone: role === "store" });
}

/** A store that is not there yet is waited for, a line a second: a process that starts before it does not crash. */
async function openMongoPatiently(url: string, say: (line: string) => void): Promise<MessageStore> {
  const database = /^[^:]+:\/\/[^/]+\/([^/?]+)/.exec(url)?.[1] ?? "parley";
  const started = performance.now();
  for (;;) {
    try {
      return await openMongoStore({ url, database, selectionTimeoutMs: 1_000 });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      say(`Waiting for the store (${Math.round((performance.now() - started) / 1_000)} s): ${error.message}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
