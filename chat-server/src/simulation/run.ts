import { parseArgs } from "node:util";
import { explain } from "./explain.ts";
import { planScenario } from "./scenario.ts";
import { shrink } from "./shrink.ts";
import { simulate } from "./simulate.ts";

/**
 * `node run.ts --runs N --seed S`: runs with seeds S, S+1, …; prints what breaks, the shortest history found of the
 * first, and how fast it went. The exit code is 1 where anything broke.
 */
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    quiet: { type: "boolean", default: false },
  },
});
const runs = Number(values.runs);
const first = Number(values.seed);
const started = process.hrtime.bigint();
const failed: { readonly seed: number; readonly rule: string }[] = [];
for (let seed = first; seed < first + runs; seed++) {
  const violation = simulate(planScenario(seed)).violations[0];
  if (violation === undefined) continue;
  failed.push({ seed, rule: violation.rule });
  if (failed.length <= 20) process.stdout.write(`seed ${seed}: ${violation.rule} ${violation.text}\n`);
}
const seconds = Number(process.hrtime.bigint() - started) / 1e9;
process.stdout.write(`${runs} runs, ${failed.length} failed, ${Math.round((runs / seconds) * 60)} runs a minute\n`);
const worst = failed[0];
if (worst !== undefined) {
  process.exitCode = 1;
  if (!values.quiet) {
    const { scenario } = shrink(planScenario(worst.seed), worst.rule);
    process.stdout.write(`\n${explain(scenario, simulate(scenario))}\n`);
  }
}
