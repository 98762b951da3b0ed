import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { RunResult } from "./run/result.ts";

/** All that a run is made of; a change elsewhere (in docs) changes no run. */
const sources = ["gateway", "chat-server", "presence", "libs", "infra", "pnpm-lock.yaml"];

export interface KeptRun {
  /** When it ended, ISO 8601. */
  readonly at: string;
  /** The load factor it was made with. */
  readonly load: number;
  readonly result: RunResult;
}

/**
 * Names the sources as they are committed: the same name, the same sources. **Errors**: an Error when some of them are
 * changed and not committed, or there is no git: then nobody could say of what a run that is kept is a proof.
 */
export async function nameSources(root: string): Promise<string> {
  const git = async (...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)("git", ["-C", root, ...args])).stdout.trim();
  const changes = await git("status", "--porcelain", "--", ...sources);
  if (changes !== "") throw new Error("--continue wants sources that are committed; some are changed");
  const trees = await Promise.all(sources.map((folder) => git("rev-parse", `HEAD:${folder}`)));
  return createHash("sha256").update(trees.join("\n")).digest("hex").slice(0, 16);
}

/** Where runs of these sources are kept; in the cache, which git ignores. */
export function keptFile(root: string, sourcesName: string): string {
  return join(root, ".cache", "prove", `${sourcesName}.jsonl`);
}

/** Adds a run, whatever came of it. */
export async function keepRun(file: string, run: KeptRun): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await appendFile(file, `${JSON.stringify(run)}\n`);
}

/**
 * The runs of a plan that need not be made again: those whose **last** try with this load was clean, or impossible here.
 * So a run that broke a promise is never covered up by an older one that did not. A line that was cut off by a death in
 * the middle counts for nothing.
 */
export async function readKept(
  file: string,
  plan: readonly { readonly row: number; readonly seed: number }[],
  load: number,
): Promise<readonly KeptRun[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  const last = new Map<string, KeptRun>();
  for (const line of text.split("\n")) {
    const run = parse(line);
    if (run?.load === load) last.set(`${run.result.row} ${run.result.seed}`, run);
  }
  return plan.flatMap(({ row, seed }) => {
    const run = last.get(`${row} ${seed}`);
    return run?.result.outcome === "clean" || run?.result.outcome === "impossible" ? [run] : [];
  });
}

function parse(line: string): KeptRun | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
