import { Cluster, Redis, type RedisOptions } from "ioredis";
import type { RedisEndpoint, RedisOptionsUnion } from "./redis-options.ts";

export type RedisClient = Redis | Cluster;

/**
 * A command that takes longer than this is as good as lost, ms. When Redis falls silent, an ack waits for this and for
 * the store; it must come within a second.
 */
export const commandTimeoutMs = 800;
const connectTimeoutMs = 2_000;
const sharedOptions = {
  // Errors come from the command: nothing is queued while the server is away, nothing is sent again by itself.
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  enableAutoPipelining: false,
  autoResubscribe: false,
  commandTimeout: commandTimeoutMs,
  connectTimeout: connectTimeoutMs,
  // A half-open socket never answers the goodbye: do not wait for it.
  disconnectTimeout: 100,
} as const satisfies RedisOptions;

/** Delay before the next try to connect, ms: soon at first, then about once a second, spread over the fleet. */
export function retryDelayMs(attempt: number): number {
  return Math.min(1_000, 25 * 2 ** Math.min(attempt, 6)) * (0.5 + Math.random() / 2);
}

/** One connection to one server, or to the master that the sentinels name. Not for Redis Cluster as a whole. */
export function connectSingle(options: Exclude<RedisOptionsUnion, { kind: "cluster" }>): Redis {
  if (options.kind === "standalone") {
    return quiet(new Redis(options.url, { ...sharedOptions, retryStrategy: retryDelayMs }));
  }
  const { sentinels, name, username, password } = options;
  return quiet(
    new Redis({
      ...sharedOptions,
      retryStrategy: retryDelayMs,
      sentinels: sentinels.map(({ host, port }) => ({ host, port })),
      name,
      sentinelRetryStrategy: retryDelayMs,
      sentinelCommandTimeout: commandTimeoutMs,
      // No `failoverDetector`: when its news come while a new connection is being looked up, ioredis ends the client for
      // good (seen with 6.0.0). The pings find an old master that is silent, and ioredis asks for the role of a new one.
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
    }),
  );
}

/** One connection to one node of a Redis Cluster. */
export function connectNode(options: Extract<RedisOptionsUnion, { kind: "cluster" }>, endpoint: RedisEndpoint): Redis {
  const { username, password } = options;
  return quiet(
    new Redis({
      ...sharedOptions,
      retryStrategy: retryDelayMs,
      ...endpoint,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
    }),
  );
}

/** For commands: a connection in standalone and Sentinel mode, a pool of them in Cluster mode. */
export function connectCommands(options: RedisOptionsUnion): RedisClient {
  if (options.kind !== "cluster") return connectSingle(options);
  const { nodes, username, password } = options;
  const { autoResendUnfulfilledCommands, maxRetriesPerRequest, commandTimeout, connectTimeout, disconnectTimeout } =
    sharedOptions;
  const cluster = new Cluster(
    nodes.map(({ host, port }) => ({ host, port })),
    {
      enableOfflineQueue: false,
      enableAutoPipelining: false,
      clusterRetryStrategy: retryDelayMs,
      clusterNodeRetryStrategy: retryDelayMs,
      // A retry after a pause would let later publishes overtake: failures are told, and the caller decides.
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      maxRedirections: 3,
      slotsRefreshInterval: 2_000,
      slotsRefreshTimeout: commandTimeoutMs,
      redisOptions: {
        autoResendUnfulfilledCommands,
        maxRetriesPerRequest,
        commandTimeout,
        connectTimeout,
        disconnectTimeout,
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
      },
    },
  );
  return quiet(cluster);
}

/** Errors are told by the commands that fail; an `error` event without a listener would end the process. */
function quiet<Client extends RedisClient>(client: Client): Client {
  client.on("error", () => undefined);
  return client;
}

/** Resolves with the promise, or rejects after `ms`: for steps that ioredis has no timeout for. */
export async function withDeadline<Value>(promise: Promise<Value>, ms: number, what: string): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms.`)), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
