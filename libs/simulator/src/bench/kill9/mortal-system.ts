import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type RunningServer, startMongo, startRedis } from "@parley/servers";
import { findQuietPort } from "@parley/servers/testing";
import { type System, startSystem } from "../../target/system.ts";
import { createTokens } from "../../target/tokens.ts";

/** A system that is killed again and again, and comes back at the same addresses on the same data. */
export interface MortalSystem {
  /** Undefined while it is down. */
  readonly system: System | undefined;
  readonly urls: readonly string[];
  readonly tokenOf: (user: string, scope?: string) => string;
  /** **Errors**: rejects where it does not become ready, or is killed before. */
  start(): Promise<void>;
  /** SIGKILL to every process at once, Redis and the store's server too; resolves when all are gone. */
  killAll(): Promise<void>;
  /** SIGTERM. */
  stop(): Promise<void>;
}

export interface MortalOptions {
  /** `embedded`: `npm start`'s one process. `cluster`: `npm run cluster`'s, with Redis and a MongoDB-wire server. */
  readonly kind: "embedded" | "cluster";
  readonly data: string;
  readonly gateways?: number;
  readonly chatServers?: number;
}

export async function createMortalSystem(options: MortalOptions): Promise<MortalSystem> {
  const { kind, data, gateways = 2, chatServers = 3 } = options;
  // The gateway, and presence after it; both come back where they were.
  const port = await findQuietPort(4);
  let servers: readonly RunningServer[] = [];
  let system: System | undefined;
  let child: ChildProcess | undefined;
  const tokenOf = await createTokens(data);
  // A cluster's first gateway has the port, the others those after it.
  const urls = Array.from({ length: kind === "embedded" ? 1 : gateways }, (_, index) => {
    return `ws://127.0.0.1:${port + index}/v1/ws`;
  });

  const startServers = async (): Promise<readonly string[]> => {
    if (kind === "embedded") return [];
    // Redis comes back empty, as it does: it holds hints.
    const [redis, store] = await Promise.all([startRedis(), startMongo({ dir: join(data, "store") })]);
    servers = [redis, store];
    const fleet = ["--gateways", `${gateways}`, "--chat-servers", `${chatServers}`];
    return [...fleet, "--redis", redis.url, "--mongodb", store.url];
  };
  const closeServers = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.close()));
    servers = [];
  };
  return {
    get system() {
      return system;
    },
    urls,
    tokenOf,
    async start() {
      const args = ["--log-level", "warn", ...(await startServers())];
      const command = kind === "embedded" ? "start" : "cluster";
      const onSpawn = (spawned: ChildProcess): void => {
        child = spawned;
      };
      system = await startSystem({ command, data, port, args, onSpawn });
    },
    async killAll() {
      const pids = [...(system?.processes ?? []), ...servers].flatMap(({ pid }) => pid ?? []);
      // In one go, without waiting for any: nothing may have time to end in order.
      for (const pid of new Set([child?.pid ?? 0, ...pids])) if (pid > 0) killHard(pid);
      if (child !== undefined && child.exitCode === null && child.signalCode === null) await once(child, "exit");
      await system?.kill();
      system = undefined;
      await closeServers();
    },
    async stop() {
      await system?.stop();
      system = undefined;
      await closeServers();
    },
  };
}

function killHard(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}
