import { afterAll } from "vitest";
import type { RunningServer } from "./child.ts";
import { startFerretdb, startMongo } from "./mongo.ts";
import { type RunningRedisCluster, startRedis, startRedisCluster } from "./redis.ts";

interface ServerKinds {
  redis: RunningServer;
  "redis-cluster": RunningRedisCluster;
  /** Any MongoDB-wire server; see {@link startMongo} for the order. */
  mongodb: RunningServer;
  ferretdb: RunningServer;
}

/**
 * For the top of a test file: starts a server of its own for this file and ends it after the last test.
 *
 * ```ts
 * const redis = await requireServer("redis");
 * describe.skipIf(redis === undefined)("…", …)
 * ```
 *
 * With none to be had it says so loudly and resolves to undefined, so that the suite is skipped; where `CI` is set it
 * throws, so that the suite fails.
 */
export async function requireServer<K extends keyof ServerKinds>(kind: K): Promise<ServerKinds[K] | undefined> {
  try {
    const server = await start(kind);
    afterAll(() => server.close());
    return server;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if ((process.env["CI"] ?? "") !== "") throw new Error(`these tests need ${kind}: ${why}`, { cause: error });
    process.stderr.write(`\nNOT RUN: these tests need ${kind}, and there is none: ${why}\n`);
    return undefined;
  }
}

async function start<K extends keyof ServerKinds>(kind: K): Promise<ServerKinds[K]>;
async function start(kind: keyof ServerKinds): Promise<RunningServer> {
  const onProgress = (line: string) => process.stderr.write(`${line}\n`);
  switch (kind) {
    case "redis":
      return startRedis({ onProgress });
    case "redis-cluster":
      return startRedisCluster({ onProgress });
    case "mongodb":
      return startMongo({ onProgress, durable: false });
    case "ferretdb":
      return startFerretdb({ onProgress, durable: false });
    default: {
      const never: never = kind;
      return never;
    }
  }
}
