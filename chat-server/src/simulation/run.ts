import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { explain } from "./explain.ts";
import { exportHistory } from "./export-history.ts";
import { hunt } from "./hunt.ts";
import { type Mutant, mutants } from "./mutants.ts";
import { keepRegression } from "./regression.ts";
import type { Progress, Share } from "./run-worker.ts";
import { planScenario, type Scenario, withoutRaw } from "./scenario.ts";
import { shrink } from "./shrink.ts";
import { simulate } from "./simulate.ts";
import type { Mutation } from "./world.ts";

/**
 * `npm run simulate:deterministic -- --runs N --seed S`: runs with seeds S, S+1, … on all cores; prints what breaks, how
 * fast it went, and of the first failure the shortest history found, which is kept as a regression case. The exit code
 * is 1 where anything broke.
 * `--export DIR`: writes the history of each run as JSONL, for the simulator's checkers.
 * `--mutant NAME`: hunts that mutant until it is caught, and with `--export` writes the history that shows it.
 * `--mutants`: their names. `--survey`: hunts them all, and prints a table of rules.
 */
const shownMax = 20;
const tellEvery = 2_000;
const surveyRuns = 2_000;
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    quiet: { type: "boolean", default: false },
    mutant: { type: "string" },
    mutants: { type: "boolean", default: false },
    survey: { type: "boolean", default: false },
    threads: { type: "string" },
    export: { type: "string" },
  },
});

async function main(): Promise<void> {
  if (values.mutants) for (const { name, rule } of mutants) print(`${rule}: ${name}`);
  else if (values.survey) await survey();
  else if (values.mutant !== undefined) await huntOne(values.mutant);
  else await run(Number(values.runs), Number(values.seed));
}

async function huntOne(name: string): Promise<void> {
  const plain = (text: string): string => text.replaceAll("`", "");
  const mutant = mutants.find((one) => plain(one.name) === plain(name));
  if (mutant === undefined) throw new Error(`no mutant ${JSON.stringify(name)}; --mutants lists them`);
  const isWhole = values.export === undefined || mutant.needsRaw === true;
  const { runs, rule, scenario, others } = await (isWhole ? hunt(mutant) : hunt(mutant, withoutRaw));
  if (scenario === undefined) {
    print(`${mutant.name}: not caught within ${mutant.runsMax} runs`);
    for (const other of others) print(`  ${other}`);
    process.exitCode = 1;
    return;
  }
  print(`${mutant.name}: rule ${mutant.rule} broken, caught by ${rule} in run ${runs}, seed ${scenario.seed}`);
  if (values.export !== undefined) await write(fileName(mutant), scenario, mutant.mutation);
  else if (!values.quiet) {
    const small = (await shrink(scenario, rule, mutant.mutation)).scenario;
    print(explain(small, await simulate(small, mutant.mutation)));
  }
}

function fileName({ name }: Mutant): string {
  return name.replaceAll(/[^a-zA-Z0-9]+/g, "-").replaceAll(/^-|-$/g, "");
}

/** Every mutant until it is caught. */
async function survey(): Promise<void> {
  print("| rule | broken by | caught by | runs |\n| --- | --- | --- | --- |");
  for (const mutant of mutants) {
    const { runs, rule } = await hunt({ ...mutant, firstSeed: 1, runsMax: surveyRuns });
    if (runs === undefined) process.exitCode = 1;
    print(`| ${mutant.rule} | ${mutant.name} | ${runs === undefined ? "**nothing**" : rule} | ${runs ?? surveyRuns} |`);
  }
}

async function run(runs: number, first: number): Promise<void> {
  if (values.export !== undefined) {
    for (let seed = first; seed < first + runs; seed++) await write(`seed-${seed}`, withoutRaw(planScenario(seed)), {});
    return;
  }
  const started = process.hrtime.bigint();
  const failed = await runAll(runs, first);
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  const rate = Math.round((runs / seconds) * 60);
  print(`${runs} runs in ${seconds.toFixed(1)} s, ${failed.length} failed, ${rate} runs a minute`);
  const worst = failed[0];
  if (worst === undefined) return;
  process.exitCode = 1;
  if (values.quiet) return;
  const { scenario } = await shrink(planScenario(worst.seed), worst.rule);
  print(`\n${explain(scenario, await simulate(scenario))}`);
  print(`\nkept as ${keepRegression({ rule: worst.rule, what: worst.text, scenario })}`);
}

/** By seed. */
async function runAll(runs: number, first: number): Promise<Progress["failed"]> {
  const threads = Math.max(1, Math.min(Number(values.threads ?? availableParallelism()), runs));
  const failed: Progress["failed"][number][] = [];
  let done = 0;
  const work = async (thread: number): Promise<void> => {
    const workerData: Share = { first: first + thread, step: threads, end: first + runs };
    const worker = new Worker(new URL("run-worker.ts", import.meta.url), { workerData });
    worker.on("message", (progress: Progress) => {
      const before = done;
      done += progress.runs;
      for (const one of progress.failed) {
        failed.push(one);
        if (failed.length <= shownMax) print(`seed ${one.seed}: ${one.rule} ${one.text}`);
      }
      if (Math.floor(done / tellEvery) > Math.floor(before / tellEvery)) print(`${done} runs, ${failed.length} failed`);
    });
    await once(worker, "exit");
  };
  await Promise.all(Array.from({ length: threads }, (_, thread) => work(thread)));
  if (done !== runs) throw new Error(`${done} of ${runs} runs came to an end`);
  return failed.sort((a, b) => a.seed - b.seed);
}

async function write(name: string, scenario: Scenario, mutation: Mutation): Promise<void> {
  const folder = values.export ?? ".";
  mkdirSync(folder, { recursive: true });
  const lines = (await exportHistory(scenario, mutation)).map((line) => JSON.stringify(line));
  writeFileSync(join(folder, `${name}.jsonl`), `${lines.join("\n")}\n`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main();
