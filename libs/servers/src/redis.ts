import { spawn } from "node:child_process";
import { type RunningServer, type ServerChild, startChild } from "./child.ts";
import { dataFolder, findCommand } from "./folders.ts";
import { findFreePort, GaveUp, waitUntil } from "./ports.ts";
import { askRedis } from "./redis-command.ts";

export interface RedisOptions {
  /** 0 or missing picks a free one. */
  readonly port?: number;
  /** Working folder; a temporary one when missing. Nothing is kept in it: Redis is only ever a hint. */
  readonly dir?: string;
  /** Told of slow steps (an installation). */
  readonly onProgress?: (line: string) => void;
}

const startTimeoutMs = 15_000;
const portAttempts = 5;

/** One Redis on 127.0.0.1 without persistence, ready to answer. */
export async function startRedis(options: RedisOptions = {}): Promise<RunningServer> {
  const command = await ensureRedisServer(options.onProgress);
  const folder = await dataFolder(options.dir);
  const { child, port } = await startNode(command, folder.path, options.port ?? 0, []);
  return {
    url: `redis://127.0.0.1:${port}`,
    kind: "redis",
    pid: child.pid,
    gone: child.gone,
    close: async () => {
      await child.close();
      await folder.remove();
    },
  };
}

export interface RunningRedisCluster extends RunningServer {
  /** Of all masters; `url` is the first. */
  readonly urls: readonly string[];
  readonly pids: readonly number[];
}

/** Three masters on 127.0.0.1 that share the 16,384 slots, without replicas; ready when all say `ok`. */
export async function startRedisCluster(options: Omit<RedisOptions, "port"> = {}): Promise<RunningRedisCluster> {
  const command = await ensureRedisServer(options.onProgress);
  const folder = await dataFolder(options.dir);
  const nodes: { child: ServerChild; port: number; busPort: number }[] = [];
  const close = async () => {
    await Promise.all(nodes.map(({ child }) => child.close()));
    await folder.remove();
  };
  try {
    for (let index = 0; index < 3; index += 1) {
      const busPort = await findFreePort();
      const nodeFile = `nodes-${process.pid}-${busPort}.conf`;
      const extra = ["--cluster-enabled", "yes", "--cluster-config-file", nodeFile, "--cluster-port", String(busPort)];
      nodes.push({ ...(await startNode(command, folder.path, 0, extra)), busPort });
    }
    await joinNodes(nodes);
  } catch (error) {
    await close();
    throw error;
  }
  const urls = nodes.map(({ port }) => `redis://127.0.0.1:${port}`);
  const pids = nodes.map(({ child }) => child.pid);
  const [url, pid] = [urls[0] ?? "", pids[0] ?? 0];
  return { url, urls, kind: "redis-cluster", pid, pids, close };
}

async function joinNodes(nodes: readonly { port: number; busPort: number }[]): Promise<void> {
  const bounds = [0, 5_461, 10_923, 16_384];
  for (const [index, node] of nodes.entries()) {
    const [from, to] = [bounds[index] ?? 0, (bounds[index + 1] ?? 0) - 1];
    // Distinct epochs before the nodes meet: else they quarrel about who owns what and settle it in seconds.
    await askRedis(node.port, ["CLUSTER", "SET-CONFIG-EPOCH", String(index + 1)]);
    await askRedis(node.port, ["CLUSTER", "ADDSLOTSRANGE", String(from), String(to)]);
  }
  const first = nodes[0];
  for (const node of nodes.slice(1)) {
    await askRedis(first?.port ?? 0, ["CLUSTER", "MEET", "127.0.0.1", String(node.port), String(node.busPort)]);
  }
  for (const node of nodes) {
    await waitUntil("a Redis Cluster of three", startTimeoutMs, async () => {
      const info = await askRedis(node.port, ["CLUSTER", "INFO"]);
      return /cluster_state:ok/.test(info) && /cluster_known_nodes:3/.test(info);
    });
  }
}

async function startNode(
  command: string,
  dir: string,
  wantedPort: number,
  extra: readonly string[],
): Promise<{ child: ServerChild; port: number }> {
  let failure: unknown;
  for (let attempt = 0; attempt < (wantedPort === 0 ? portAttempts : 1); attempt += 1) {
    const port = wantedPort === 0 ? await findFreePort() : wantedPort;
    const plain = ["--bind", "127.0.0.1", "--port", String(port), "--save", "", "--appendonly", "no", "--dir", dir];
    const child = await startChild(command, [...plain, "--daemonize", "no", ...extra]);
    try {
      await waitUntil(`an answer of redis-server on port ${port}`, startTimeoutMs, async () => {
        if (child.hasExited()) throw new GaveUp(`redis-server ended: ${child.tail()}`);
        // Also asks who answers: another process may hold the port.
        const info = await askRedis(port, ["INFO", "server"]);
        return info.includes(`process_id:${child.pid}\r\n`);
      });
      return { child, port };
    } catch (error) {
      failure = error;
      await child.close();
    }
  }
  throw failure;
}

/**
 * Path of a `redis-server`: from the PATH, else, as root on a system with apt-get, installed now.
 * **Errors**: an Error that names `redis-server` and how to get it.
 */
export async function ensureRedisServer(onProgress: (line: string) => void = () => {}): Promise<string> {
  const found = await findCommand("redis-server");
  if (found !== undefined) return found;
  const hint = "redis-server is not on the PATH: install it (Debian: apt-get install redis-server)";
  if (process.getuid?.() !== 0 || (await findCommand("apt-get")) === undefined) throw new Error(hint);
  onProgress("installing redis-server with apt-get (once)");
  // RUNLEVEL=1 keeps the package from starting a server of its own.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const wait = ["-o", "DPkg::Lock::Timeout=120"];
  const install = [...wait, "install", "-y", "--no-install-recommends", "redis-server"];
  if (!(await succeeds("apt-get", install, env))) {
    await succeeds("apt-get", [...wait, "update"], env);
    if (!(await succeeds("apt-get", install, env))) throw new Error(`${hint}; apt-get could not`);
  }
  const installed = await findCommand("redis-server");
  if (installed === undefined) throw new Error(hint);
  return installed;
}

function succeeds(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env, stdio: "ignore" });
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
}
