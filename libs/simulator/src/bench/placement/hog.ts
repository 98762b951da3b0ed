import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";

/** Work beside one process, on a core that the two share. */
export interface Hog {
  /** Ends it and lets every process run on every core again that it ran on before. **Repeat**: nothing more. */
  stop(): Promise<void>;
}

export interface HogOptions {
  /** The process that is made slow. */
  readonly victim: number;
  /** Moved off the core meanwhile, as if the victim had a machine of its own. */
  readonly others: readonly number[];
  /** The hog ends by itself after so long, and at once where we are gone, s. */
  readonly endsAfterS: number;
}

const run = promisify(execFile);
/** So it takes 0.8 of the core; the kernel allows real-time work 0.95 at most. */
const busyMs = 400;
const idleMs = 100;
/** Above everything that is not real-time: a process that wants little CPU would get it beside any number of equals. */
const priority = "10";
const program = `
const [busyMs, idleMs, endsAfterMs] = process.argv.slice(1).map(Number);
const nap = new Int32Array(new SharedArrayBuffer(4));
const endsAt = performance.now() + endsAfterMs;
const parent = process.ppid;
while (performance.now() < endsAt && process.ppid === parent) {
  for (const until = performance.now() + busyMs; performance.now() < until; );
  Atomics.wait(nap, 0, 0, idleMs);
}`;

/** What is missing here to start a hog, as a sentence; undefined where nothing is. */
export async function whyNoHog(): Promise<string | undefined> {
  if (availableParallelism() < 2) return "there is one core only, and the hog would slow everything down";
  const tries: readonly [what: string, command: string, args: readonly string[]][] = [
    ["taskset does not run here", "taskset", ["-c", "0", "true"]],
    ["chrt may not give real-time priority here (root, or CAP_SYS_NICE)", "chrt", ["-f", priority, "true"]],
  ];
  for (const [what, command, args] of tries) {
    const failed = await run(command, args).then(
      () => false,
      () => true,
    );
    if (failed) return what;
  }
  return undefined;
}

/** **Errors**: rejects where a process can't be moved to a core; what was moved is moved back. */
export async function startHog({ victim, others, endsAfterS }: HogOptions): Promise<Hog> {
  const before = new Map<number, string>();
  for (const pid of [victim, ...others]) before.set(pid, await coresOf(pid));
  const cores = listCores(before.get(victim) ?? "");
  const core = cores.at(-1);
  let child: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    }
    // One that has ended meanwhile needs no cores.
    for (const [pid, list] of before) await pin(pid, list).catch(() => {});
    before.clear();
  };
  try {
    if (core === undefined || cores.length < 2) throw new Error("the chat server may use one core only");
    for (const pid of others) await pin(pid, cores.filter((one) => one !== core).join(","));
    await pin(victim, String(core));
    const work = ["-e", program, ...[busyMs, idleMs, endsAfterS * 1_000].map(String)];
    const args = ["-c", String(core), "chrt", "-f", priority, process.execPath, ...work];
    child = spawn("taskset", args, { stdio: "ignore" });
    await once(child, "spawn");
    return { stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** All threads of the process. */
async function pin(pid: number, cores: string): Promise<void> {
  await run("taskset", ["-apc", cores, String(pid)]);
}

/** As taskset takes it: `0-1`, `0,2`. **Source**: proc(5), status. */
async function coresOf(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return /^Cpus_allowed_list:\s+(\S+)$/m.exec(status)?.[1] ?? "";
}

function listCores(list: string): readonly number[] {
  return list.split(",").flatMap((range) => {
    const [from = Number.NaN, to = from] = range.split("-").map(Number);
    return Number.isNaN(from) ? [] : Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}
