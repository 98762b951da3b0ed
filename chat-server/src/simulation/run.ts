import { parseArgs } from "node:util";
import { planScenario } from "./scenario.ts";
import { simulate } from "./simulate.ts";

/** `node run.ts --runs N --seed S`: runs with seeds S, S+1, …; prints what breaks and how fast it went. */
const { values } = parseArgs({
  options: { runs: { type: "string", default: "1000" }, seed: { type: "string", default: "1" } },
});
const runs = Number(values.runs);
const first = Number(values.seed);
const started = process.hrtime.bigint();
let failed = 0;
for (let seed = first; seed < first + runs; seed++) {
  const { violations } = simulate(planScenario(seed));
  const violation = violations[0];
  if (violation === undefined) continue;
  failed++;
  if (failed <= 20) process.stdout.write(`seed ${seed}: ${violation.rule} ${violation.text}\n`);
}
const seconds = Number(process.hrtime.bigint() - started) / 1e9;
process.stdout.write(`${runs} runs, ${failed} failed, ${Math.round((runs / seconds) * 60)} runs a minute\n`);
