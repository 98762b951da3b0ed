import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { emptyResult } from "./run/prove-row.ts";
import type { RunMessage, RunResult } from "./run/result.ts";

export interface Run {
  readonly row: number;
  readonly seed: number;
}

export interface PoolOptions {
  readonly parallel: number;
  readonly loadFactor: number;
  /** See `proveRow`. */
  readonly isBrief?: boolean;
  /** Each run gets a folder in it. */
  readonly folder: string;
  readonly onStart: (run: Run) => void;
  readonly onProgress: (run: Run, message: Extract<RunMessage, { kind: "progress" }>) => void;
  readonly onResult: (result: RunResult) => void | Promise<void>;
}

export interface Pool {
  readonly results: Promise<readonly RunResult[]>;
  /** Begins nothing more and ends what runs, with all its processes. */
  stop(): Promise<void>;
}

/** No row takes so long; one that does hangs. */
const runWithinMs = 600_000;
const endWithinMs = 30_000;
const module = fileURLToPath(new URL("./run-row.ts", import.meta.url));

/** Each run in a process of its own, so many at a time, in the order given. */
export function startPool(runs: readonly Run[], options: PoolOptions): Pool {
  const rest = runs.values();
  const children = new Set<ChildProcess>();
  const results: RunResult[] = [];
  let isStopped = false;

  const worker = async (): Promise<void> => {
    for (const run of rest) {
      if (isStopped) return;
      options.onStart(run);
      const result = await attend(run, options, children);
      if (isStopped) return;
      results.push(result);
      await options.onResult(result);
    }
  };
  return {
    results: Promise.all(Array.from({ length: options.parallel }, worker)).then(() => results),
    async stop() {
      isStopped = true;
      await Promise.all([...children].map(end));
    },
  };
}

async function attend(run: Run, options: PoolOptions, children: Set<ChildProcess>): Promise<RunResult> {
  const { row, seed } = run;
  const folder = join(options.folder, `row-${row}-seed-${seed}`);
  const args = { "--row": row, "--seed": seed, "--load": options.loadFactor, "--folder": folder };
  const words = Object.entries(args).flatMap(([name, value]) => [name, String(value)]);
  if (options.isBrief === true) words.push("--brief");
  const child = fork(module, words, {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  children.add(child);
  let result: RunResult | undefined;
  let isLate = false;
  child.on("message", (message: RunMessage) => {
    if (message.kind === "progress") options.onProgress(run, message);
    else result = { ...message.result, folder };
  });
  const timer = setTimeout(() => {
    isLate = true;
    void end(child);
  }, runWithinMs);
  const [code, signal] = await once(child, "exit");
  clearTimeout(timer);
  children.delete(child);
  if (result !== undefined) return result;
  const how = isLate
    ? `it took longer than ${runWithinMs / 1_000} s`
    : `its process ended: ${signal ?? `exit code ${code}`}`;
  return { ...emptyResult(row, seed), outcome: "broken", why: how, folder };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), endWithinMs);
  await gone;
  clearTimeout(timer);
}
