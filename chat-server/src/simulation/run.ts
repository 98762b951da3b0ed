import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { explain } from "./explain.ts";
import { exportHistory } from "./export-history.ts";
import { hunt } from "./hunt.ts";
import { type Mutant, mutants } from "./mutants.ts";
import { planScenario, type Scenario, withoutRaw } from "./scenario.ts";
import { shrink } from "./shrink.ts";
import { simulate } from "./simulate.ts";
import type { Mutation } from "./world.ts";

/**
 * `node run.ts --runs N --seed S`: runs with seeds S, S+1, …; prints what breaks, the shortest history found of the
 * first, and how fast it went. The exit code is 1 where anything broke.
 * `--export DIR`: writes the history of each run as JSONL, for the simulator's checkers.
 * `--mutant NAME`: hunts that mutant until it is caught, and with `--export` writes the history that shows it.
 * `--mutants`: their names.
 */
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    quiet: { type: "boolean", default: false },
    mutant: { type: "string" },
    mutants: { type: "boolean", default: false },
    export: { type: "string" },
  },
});

async function main(): Promise<void> {
  if (values.mutants) for (const { name, rule } of mutants) print(`${rule}: ${name}`);
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

async function run(runs: number, first: number): Promise<void> {
  const started = process.hrtime.bigint();
  const failed: { readonly seed: number; readonly rule: string }[] = [];
  for (let seed = first; seed < first + runs; seed++) {
    const violation = (await simulate(planScenario(seed))).violations[0];
    if (values.export !== undefined) await write(`seed-${seed}`, withoutRaw(planScenario(seed)), {});
    if (violation === undefined) continue;
    failed.push({ seed, rule: violation.rule });
    if (failed.length <= 20) print(`seed ${seed}: ${violation.rule} ${violation.text}`);
  }
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  print(`${runs} runs, ${failed.length} failed, ${Math.round((runs / seconds) * 60)} runs a minute`);
  const worst = failed[0];
  if (worst === undefined) return;
  process.exitCode = 1;
  if (values.quiet) return;
  const { scenario } = await shrink(planScenario(worst.seed), worst.rule);
  print(`\n${explain(scenario, await simulate(scenario))}`);
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
