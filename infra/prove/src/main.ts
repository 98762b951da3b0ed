import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { keepRun, keptFile, nameSources, readKept } from "./kept-runs.ts";
import { parseRows, planRuns, seedsDefault } from "./plan.ts";
import { startPool } from "./pool.ts";
import { renderPage } from "./report/page.ts";
import { describeMachine, hidePaths, type Proof } from "./report/proof.ts";
import { createScreen } from "./report/screen.ts";
import { rows } from "./rows/index.ts";
import type { RunResult } from "./run/result.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

const whole =
  (low: number, high: number) =>
  (text: string): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= low && value <= high) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`);
  };

function share(text: string): number {
  const value = Number(text);
  if (value >= 0.05 && value <= 4) return value;
  throw new InvalidArgumentError("It must be a number from 0.05 to 4.");
}

interface Flags {
  readonly only?: readonly number[];
  readonly seed?: number;
  readonly seeds?: number;
  readonly parallel: number;
  readonly load: number;
  readonly out?: string;
  readonly json: boolean;
  readonly keep: boolean;
  readonly continue: boolean;
}

const flags = new Command("npm run prove --")
  .description("Breaks a real system in every way of the fault matrix, and checks what people saw (C1 to C11).")
  .option("--only <rows>", "these rows of the matrix, as 1,9", parseRows)
  .option("--seed <n>", "the first seed; the same seed draws the same people and faults", whole(1, 1_000_000_000))
  .option("--seeds <n>", `runs of each row; default ${seedsDefault}, or 1 with --seed`, whole(1, 1_000))
  .option("--parallel <n>", "runs at a time; each wants two cores", whole(1, 16), 1)
  .option("--load <factor>", "share of the load that the rows ask for, on a machine that is slow or busy", share, 1)
  .option("--out <folder>", "write proof.html and proof.json there; without it only the whole matrix writes, to docs")
  .option("--json", "print one JSON object and no table", false)
  .option("--continue", "with --seed: do not repeat clean runs of these very sources that an earlier call made", false)
  .option("--keep", "keep logs and histories of clean runs, too", false)
  .parse()
  .opts<Flags>();

async function prove(): Promise<number> {
  const beganAt = performance.now();
  const { only, seed, seeds, parallel, load, keep, json } = flags;
  const numbers = rows.map(({ number }) => number);
  const missing = only?.filter((number) => !numbers.includes(number)) ?? [];
  if (missing.length > 0) throw new Error(`there is no row ${missing.join(", ")}; there are ${numbers.join(", ")}`);
  const plan = planRuns(numbers, { only, seed, seeds }, 1 + (Date.now() % 99_000));
  if (flags.continue && seed === undefined) throw new Error("--continue wants the --seed of what is continued");
  const kept = flags.continue ? keptFile(root, await nameSources(root)) : undefined;
  const before = kept === undefined ? [] : await readKept(kept, plan.runs, load);
  const isLeft = ({ row, seed: one }: { row: number; seed: number }): boolean =>
    !before.some(({ result }) => result.row === row && result.seed === one);
  const machine = await describeMachine(root);
  const folder = await mkdtemp(join(tmpdir(), "parley-proof-"));
  const screen = createScreen(json ? process.stderr : process.stdout);
  const titleOf = (number: number): string => rows.find((row) => row.number === number)?.title ?? "";
  if (before.length > 0) screen.say(`${before.length} of ${plan.runs.length} runs were made before, and are clean`);
  const pool = startPool(plan.runs.filter(isLeft), {
    parallel,
    loadFactor: load,
    folder,
    onStart: (run) => screen.start(run),
    onProgress: (run, { phase, acked, delivered }) => screen.progress(run, phase, acked, delivered),
    async onResult(result) {
      screen.result(result, titleOf(result.row));
      if (kept !== undefined) await keepRun(kept, { at: new Date().toISOString(), load, result });
      const isGood = result.outcome === "clean" || result.outcome === "impossible";
      if (isGood && !keep && result.folder !== undefined) await rm(result.folder, { recursive: true, force: true });
    },
  });
  // A terminal sends Ctrl-C to the whole group: the runs have begun to end by themselves.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      screen.end();
      void pool.stop().then(() => process.exit(130));
    });
  }
  const results = [...before.map(({ result }) => result), ...(await pool.results)];
  screen.end();
  const since = before.map(({ at }) => at).sort()[0];
  const proof = hidePaths(assemble(results, machine, performance.now() - beganAt, since), root);
  const out =
    flags.out === undefined ? (plan.isWhole && load === 1 ? join(root, "docs") : undefined) : resolve(flags.out);
  if (out !== undefined) {
    await mkdir(out, { recursive: true });
    await writeFile(join(out, "proof.html"), renderPage(proof));
    await writeFile(join(out, "proof.json"), `${JSON.stringify(proof)}\n`);
    screen.say(`written: ${join(out, "proof.html")} and proof.json`);
  }
  if (json) process.stdout.write(`${JSON.stringify(proof)}\n`);
  if (!keep && results.every(({ outcome }) => outcome === "clean" || outcome === "impossible")) {
    await rm(folder, { recursive: true, force: true });
  }
  return codeOf(results);
}

function assemble(
  results: readonly RunResult[],
  machine: Pick<Proof, "commit" | "machine">,
  tookMs: number,
  since: string | undefined,
): Proof {
  const proven = rows.flatMap(({ number, title, how, topology }) => {
    const runs = results
      .filter(({ row }) => row === number)
      .sort((one, other) => one.seed - other.seed)
      .map(({ folder: _folder, ...result }) => result);
    return runs.length === 0 ? [] : [{ number, title, how, topology, runs }];
  });
  const parts = since === undefined ? {} : { since };
  return { madeAt: new Date().toISOString(), ...parts, ...machine, tookMs: Math.round(tookMs), rows: proven };
}

/** A broken promise is told before a broken harness. */
function codeOf(results: readonly RunResult[]): number {
  if (results.some(({ outcome }) => outcome === "violated")) return 1;
  return results.some(({ outcome }) => outcome === "broken") ? 2 : 0;
}

try {
  process.exitCode = await prove();
} catch (cause) {
  process.stderr.write(`prove: ${cause instanceof Error ? cause.message : String(cause)}\n`);
  process.exitCode = 2;
}
