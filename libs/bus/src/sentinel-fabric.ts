import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureRedisServer, startRedis } from "@parley/servers";
import { Redis } from "ioredis";
import { until } from "./bus-contract.ts";
import type { RedisOptionsUnion } from "./redis-options.ts";

export interface SentinelFabric {
  readonly redis: RedisOptionsUnion;
  /** Kills the master; resolves once the sentinels name the other server. */
  failOver(): Promise<void>;
  close(): Promise<void>;
}

/** The kernel closes the pipe however this process ends, so that no sentinel outlives a test that was killed. */
const untilPipeCloses = '"$@" </dev/null & child=$!; cat >/dev/null; kill -KILL $child';

/** A master, a replica and three sentinels that agree on a failover within a few seconds. */
export async function startSentinelFabric(): Promise<SentinelFabric> {
  const [command, dir] = [await ensureRedisServer(), await mkdtemp(join(tmpdir(), "parley-sentinel-"))];
  const servers = [await startRedis(), await startRedis()] as const;
  const [masterPort, replicaPort] = servers.map(({ url }) => Number(new URL(url).port)) as [number, number];
  const ask = async (port: number, ...words: string[]): Promise<unknown> => {
    const client = new Redis({ port, retryStrategy: () => null, maxRetriesPerRequest: 0 });
    client.on("error", () => undefined);
    try {
      const [name = "PING", ...rest] = words;
      return await client.call(name, ...rest);
    } finally {
      client.disconnect();
    }
  };
  await ask(replicaPort, "REPLICAOF", "127.0.0.1", String(masterPort));
  await until(async () => String(await ask(replicaPort, "INFO", "replication")).includes("master_link_status:up"));

  const ports: number[] = [];
  const sentinels: ChildProcess[] = [];
  for (let index = 0; index < 3; index += 1) {
    const port = await findFreePort();
    const file = join(dir, `sentinel-${index}.conf`);
    const lines = [
      `port ${port}`,
      "bind 127.0.0.1",
      `sentinel monitor main 127.0.0.1 ${masterPort} 2`,
      "sentinel down-after-milliseconds main 1000",
      "sentinel failover-timeout main 3000",
    ];
    await writeFile(file, `${lines.join("\n")}\n`);
    ports.push(port);
    sentinels.push(
      spawn("/bin/sh", ["-c", untilPipeCloses, "sh", command, file, "--sentinel"], {
        stdio: ["pipe", "ignore", "ignore"],
        cwd: dir,
      }),
    );
  }
  const masterNamed = async (port: number) =>
    Number(((await ask(port, "SENTINEL", "get-master-addr-by-name", "main").catch(() => [])) as string[])[1]);
  const knowsAll = async (port: number) => {
    const reply = await ask(port, "SENTINEL", "ckquorum", "main").catch(() => "");
    const replicas = await ask(port, "SENTINEL", "replicas", "main").catch(() => []);
    return String(reply).startsWith("OK 3") && Array.isArray(replicas) && replicas.length === 1;
  };
  await until(async () => (await Promise.all(ports.map(knowsAll))).every(Boolean));
  return {
    redis: { kind: "sentinel", name: "main", sentinels: ports.map((port) => ({ host: "127.0.0.1", port })) },
    async failOver() {
      process.kill(servers[0].pid ?? 0, "SIGKILL");
      await servers[0].close();
      await until(async () => (await Promise.all(ports.map(masterNamed))).every((port) => port === replicaPort));
    },
    async close() {
      for (const child of sentinels) {
        const gone = new Promise((resolve) => child.once("exit", resolve));
        child.stdin?.end();
        await gone;
      }
      for (const server of servers) await server.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
