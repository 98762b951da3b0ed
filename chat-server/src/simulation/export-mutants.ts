import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { parseArgs } from "node:util";
import { exportHistory } from "./export-history.ts";
import { type Mutant, mutants } from "./mutants.ts";
import { planScenario, type Scenario, withoutRaw } from "./scenario.ts";
import { simulate } from "./simulate.ts";
import type { Mutation } from "./world.ts";

/**
 * `node export-mutants.ts --out DIR --each N [--runs N] NAME…` or `NAME@SEED…` for that run only: of each mutant named, the histories of the first N runs in
 * which the simulation itself found it, as `<name>.<seed>.mutant.jsonl`; beside each the same run without the mutation,
 * only with the layers off that would repair it: `<name>.<seed>.control.jsonl`. Whoever reads histories finds nothing in
 * the second, and must find the mutant in some of the first: not every run shows from outside what went wrong inside.
 */
const { values, positionals } = parseArgs({
  options: {
    out: { type: "string", default: "." },
    each: { type: "string", default: "5" },
    runs: { type: "string" },
  },
  allowPositionals: true,
});

const plain = (text: string): string => text.replaceAll("`", "");

async function main(): Promise<void> {
  mkdirSync(values.out, { recursive: true });
  for (const positional of positionals) {
    const [name = "", seed] = positional.split("@");
    const mutant = mutants.find((one) => plain(one.name) === plain(name));
    if (mutant === undefined) throw new Error(`no mutant ${JSON.stringify(name)}`);
    const found = await exportRuns(mutant, plain(name).replaceAll(/[^a-zA-Z0-9]+/g, "-"), seed);
    process.stdout.write(`${JSON.stringify({ mutant: name, found })}\n`);
  }
}

/** How many were written. */
async function exportRuns(mutant: Mutant, file: string, only: string | undefined): Promise<number> {
  const first = Number(only ?? mutant.firstSeed ?? 1);
  const end = first + (only === undefined ? Number(values.runs ?? mutant.runsMax) : 1);
  let found = 0;
  for (let seed = first; seed < end && found < Number(values.each); seed++) {
    const planned = mutant.needsRaw === true ? planScenario(seed) : withoutRaw(planScenario(seed));
    const scenario = mutant.prepare?.(planned) ?? planned;
    const control = mutant.control ?? {};
    const { violations } = await simulate(scenario, mutant.mutation);
    if (!violations.some(({ rule }) => mutant.caughtBy.includes(rule))) continue;
    if ((await simulate(scenario, control)).violations.length > 0) continue;
    found += 1;
    await write(`${file}.${seed}.mutant.jsonl`, scenario, mutant.mutation);
    await write(`${file}.${seed}.control.jsonl`, scenario, control);
  }
  return found;
}

async function write(name: string, scenario: Scenario, mutation: Mutation): Promise<void> {
  const file = createWriteStream(join(values.out, name));
  for (const line of await exportHistory(scenario, mutation)) file.write(`${JSON.stringify(line)}\n`);
  file.end();
  await finished(file);
}

await main();
