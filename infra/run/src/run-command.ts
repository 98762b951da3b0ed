import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { Ready } from "./ready.ts";

export interface Run {
  readonly child: ChildProcess;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** Resolves with the first line that matches. **Errors**: rejects with what was printed, when it ends before. */
  line(pattern: RegExp): Promise<string>;
  ready(): Promise<Ready>;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

export async function createDataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "parley-run-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** For tests: runs a command of this package as a script would, and ends it with the test. */
export function runCommand(
  name: "start" | "cluster" | "node",
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Run {
  const module = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  return attend(spawn(process.execPath, [module, ...args], { stdio: "pipe", env: { ...process.env, ...env } }));
}

/** For tests: the same through npm. */
export function runNpm(args: readonly string[]): Run {
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  // A group of its own, so that a test that failed ends what npm started, too.
  const child = spawn("npm", args, { stdio: "pipe", cwd: root, env: withoutShims(), detached: true });
  return attend(child, () => process.kill(-(child.pid ?? 0), "SIGKILL"));
}

/** As in a terminal: the test runner's own `node_modules/.bin` is not on the PATH, where its `node` is a shell script. */
function withoutShims(): NodeJS.ProcessEnv {
  const path = (process.env.PATH ?? "").split(":").filter((folder) => !folder.includes("node_modules"));
  return { ...process.env, PATH: path.join(":") };
}

function attend(child: ChildProcess, kill: () => void = () => child.kill("SIGKILL")): Run {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const watchers = new Set<() => void>();
  const collect = (stream: NodeJS.ReadableStream | null, lines: string[]): void => {
    if (stream === null) return;
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      for (const watcher of watchers) watcher();
    });
  };
  collect(child.stdout, stdout);
  collect(child.stderr, stderr);
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once("close", (code, signal) => resolve(signal ?? code ?? -1));
  });
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) kill();
    await ended;
  });
  const line = (pattern: RegExp): Promise<string> => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const look = (): void => {
      const found = stdout.find((text) => pattern.test(text));
      if (found === undefined) return;
      watchers.delete(look);
      resolve(found);
    };
    watchers.add(look);
    look();
    void ended.then((how) =>
      reject(new Error(`ended (${how}) without ${pattern}: ${[...stdout, ...stderr].join("\n")}`)),
    );
    return promise;
  };
  const ready = async (): Promise<Ready> => JSON.parse((await line(/^ready /)).slice("ready ".length));
  return { child, stdout, stderr, line, ready, ended };
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
