import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { isFields } from "../history/content.ts";

export interface SystemProcess {
  readonly role: string;
  readonly pid: number;
  readonly node: string;
  readonly address: string;
}

/** What the `ready` line of `npm start` and `npm run cluster` tells. */
export interface Ready {
  readonly ws: readonly string[];
  readonly http: readonly string[];
  readonly presence: string;
  readonly processes: readonly SystemProcess[];
  readonly data: string;
  /** Addresses of `/livez`, `/readyz` and `/metrics`: one a process, in the order of `processes`. */
  readonly management: readonly string[];
}

/** A running system in processes of its own. */
export interface System extends Ready {
  readonly child: ChildProcess;
  /** Everything that it printed so far, for the story of a failure. */
  readonly output: readonly string[];
  /** SIGTERM, and the exit code. **Repeat**: a second call gives the same code. */
  stop(): Promise<number | null>;
  /** SIGKILL to the processes of the system itself, its servers excepted; resolves when the command is gone. */
  kill(): Promise<void>;
}

export interface SystemOptions {
  /** `start`: all in one process on the embedded store. `cluster`: processes of their own on Redis and MongoDB. */
  readonly command: "start" | "cluster";
  readonly args?: readonly string[];
  /** Default: a new folder, removed by {@link System.stop}. */
  readonly data?: string;
  /** Default 0: free ports. */
  readonly port?: number;
  readonly readyWithinMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Told of the process at once, long before it is ready: for whoever wants to kill it while it starts. */
  readonly onSpawn?: (child: ChildProcess) => void;
}

const outputLinesMax = 500;
const stopWithinMs = 30_000;

/**
 * Starts the system as `npm start` or `npm run cluster` do and waits for its `ready` line.
 * **Errors**: rejects with what it printed where it ends before, or is not ready in time (120 s).
 */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { command, args = [], port = 0, readyWithinMs = 120_000, env = {} } = options;
  const data = options.data ?? (await mkdtemp(join(tmpdir(), "parley-simulate-")));
  const entry = fileURLToPath(new URL(`../../../../infra/run/src/${command}.ts`, import.meta.url));
  const nodeArgs = ["--disable-warning=ExperimentalWarning", entry, "--port", String(port), "--data", data, ...args];
  const child = spawn(process.execPath, nodeArgs, {
    // The channel tells the system that we are gone, however we went.
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, ...env },
  });
  options.onSpawn?.(child);
  const output: string[] = [];
  const exited = once(child, "exit");
  const remove = async (): Promise<void> => {
    if (options.data === undefined) await rm(data, { recursive: true, force: true });
  };
  let ready: Ready;
  try {
    ready = await waitForReady(child, output, readyWithinMs);
  } catch (cause) {
    child.kill("SIGTERM");
    await exited;
    await remove();
    throw cause;
  }
  let stopping: Promise<number | null> | undefined;
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), stopWithinMs);
    await exited;
    clearTimeout(timer);
    await remove();
    return child.exitCode;
  };
  return {
    ...ready,
    child,
    output,
    stop() {
      stopping ??= stop();
      return stopping;
    },
    async kill() {
      // Its own servers (roles `redis`, `store`) end with the command, as they would on any failure.
      const own = ready.processes.filter(({ role }) => role !== "redis" && role !== "store");
      for (const pid of new Set([child.pid, ...own.map((one) => one.pid)])) if (pid !== undefined) killHard(pid);
      await exited;
    },
  };
}

function killHard(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone already, which is what was wanted.
  }
}

function waitForReady(child: ChildProcess, output: string[], withinMs: number): Promise<Ready> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new Error(`the system ${why}. It printed:\n${output.join("\n")}`));
    };
    const timer = setTimeout(() => fail(`was not ready within ${withinMs / 1_000} s`), withinMs);
    const keep = (line: string): void => {
      output.push(line);
      if (output.length > outputLinesMax) output.shift();
    };
    child.on("error", (error) => fail(`could not be started: ${error.message}`));
    child.on("exit", (code, signal) => fail(`ended with ${code ?? signal} before it was ready`));
    if (child.stdout === null || child.stderr === null) return fail("has no output");
    createInterface({ input: child.stderr }).on("line", keep);
    createInterface({ input: child.stdout }).on("line", (line) => {
      keep(line);
      if (!line.startsWith("ready ")) return;
      clearTimeout(timer);
      const ready = parseReady(line.slice("ready ".length));
      if (ready === undefined) fail(`printed a ready line that is none: ${line}`);
      else resolve(ready);
    });
  });
}

/** Undefined for what is no ready line of the contract. */
export function parseReady(json: string): Ready | undefined {
  const value: unknown = JSON.parse(json);
  if (!isFields(value)) return undefined;
  const { ws, http, presence, processes, data, management } = value;
  if (!isTexts(ws) || !isTexts(http) || typeof presence !== "string" || typeof data !== "string") return undefined;
  if (!Array.isArray(processes)) return undefined;
  const managed = isTexts(management) ? management : [];
  return { ws, http, presence, data, management: managed, processes: processes.filter(isFields).map(parseProcess) };
}

function parseProcess(process: Readonly<Record<string, unknown>>): SystemProcess {
  const { role, pid, node, address } = process;
  return { role: String(role), pid: Number(pid), node: String(node), address: String(address) };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string");
}
