import { type RunningServer, startRedis, startRedisCluster } from "@parley/servers";
import { Redis } from "ioredis";
import { until } from "./bus-contract.ts";
import { parseRedisUrl, type RedisOptionsUnion } from "./redis-options.ts";

/** A real Redis for tests, with the faults that it can have. */
export interface RedisFabric {
  readonly redis: RedisOptionsUnion;
  /** Runs a command on every server (there is one, or three masters); resolves to the replies. */
  command(...words: string[]): Promise<unknown[]>;
  /** Makes every server stand still: sockets stay open, nobody answers. */
  stop(): void;
  /** Lets them go on. */
  resume(): Promise<void>;
  /** Takes Redis away with all that it knew; `bringBack` brings it back empty. */
  takeAway(): Promise<void>;
  bringBack(): Promise<void>;
  close(): Promise<void>;
}

async function runOn(url: string, words: readonly string[]): Promise<unknown> {
  const client = new Redis(url, { retryStrategy: () => null, lazyConnect: true, maxRetriesPerRequest: 0 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const [name = "PING", ...rest] = words;
    return await client.call(name, ...rest);
  } finally {
    client.disconnect();
  }
}

/** One server: taken away by SIGKILL, brought back empty on the same port. */
export async function startSingleFabric(): Promise<RedisFabric> {
  let server: RunningServer = await startRedis();
  const port = Number(new URL(server.url).port);
  return {
    redis: { kind: "standalone", url: server.url },
    command: async (...words) => [await runOn(server.url, words)],
    stop: () => void process.kill(server.pid ?? 0, "SIGSTOP"),
    resume: async () => void process.kill(server.pid ?? 0, "SIGCONT"),
    async takeAway() {
      process.kill(server.pid ?? 0, "SIGKILL");
      await server.close();
    },
    async bringBack() {
      server = await startRedis({ port });
    },
    close: () => server.close(),
  };
}

/** Three masters: taken away by standing still (their ports must stay theirs), brought back and emptied. */
export async function startClusterFabric(): Promise<RedisFabric> {
  const cluster = await startRedisCluster();
  const urls = cluster.urls.map((url) => new URL(url).host);
  const command = (...words: string[]) => Promise.all(cluster.urls.map((url) => runOn(url, words)));
  const stop = () => {
    for (const pid of cluster.pids) process.kill(pid, "SIGSTOP");
  };
  const resume = async () => {
    for (const pid of cluster.pids) process.kill(pid, "SIGCONT");
    // They took each other for failed while they stood still.
    await until(async () =>
      (await command("CLUSTER", "INFO")).every((info) => String(info).includes("cluster_state:ok")),
    );
  };
  return {
    redis: parseRedisUrl(`redis-cluster://${urls.join(",")}`),
    command,
    stop,
    resume,
    takeAway: async () => stop(),
    async bringBack() {
      await resume();
      await command("FLUSHALL");
    },
    async close() {
      for (const pid of cluster.pids) process.kill(pid, "SIGCONT");
      await cluster.close();
    },
  };
}
