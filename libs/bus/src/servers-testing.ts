import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { until } from "./bus-contract.ts";

export interface TestRedis {
  readonly port: number;
  readonly url: string;
  /** A plain connection for redis-cli's work: CLIENT KILL, FLUSHALL, … */
  command(...args: string[]): Promise<unknown>;
  signal(name: NodeJS.Signals): void;
  kill(): Promise<void>;
  /** On the same port, empty. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

async function freePort(): Promise<number> {
  for (;;) {
    const port = await new Promise<number>((resolve) => {
      const server = createServer().listen(0, "127.0.0.1", () => {
        const address = server.address();
        server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
      });
    });
    // A cluster's bus port is 10,000 above.
    if (port < 55_000) return port;
  }
}

export async function startTestRedis(extra: readonly string[] = []): Promise<TestRedis> {
  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), "parley-redis-"));
  let child: ChildProcess | undefined;
  const command = async (...args: string[]) => {
    const client = new Redis({ port, retryStrategy: () => null, lazyConnect: true, maxRetriesPerRequest: 0 });
    client.on("error", () => undefined);
    try {
      await client.connect();
      const [name = "PING", ...rest] = args;
      return await client.call(name, ...rest);
    } finally {
      client.disconnect();
    }
  };
  const start = async () => {
    const args = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", dir, ...extra];
    child = spawn("redis-server", args, { stdio: "ignore" });
    await until(() => command("PING").then(() => true, () => false));
  };
  const kill = async () => {
    const dying = child;
    if (dying === undefined || dying.exitCode !== null || dying.signalCode !== null) return;
    const gone = new Promise((resolve) => dying.once("exit", resolve));
    dying.kill("SIGKILL");
    await gone;
  };
  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    command,
    signal: (name) => void child?.kill(name),
    kill,
    async restart() {
      await kill();
      if (extra.includes("--cluster-enabled")) return;
      await start();
    },
    async close() {
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
