import { parentPort, workerData } from "node:worker_threads";
import { planScenario } from "./scenario.ts";
import { simulate } from "./simulate.ts";

/** One thread's share of the seeds. */
export interface Share {
  readonly first: number;
  readonly step: number;
  /** The first seed that is not to be run. */
  readonly end: number;
}

/** What a thread says: so many runs are done, and what broke in them. */
export interface Progress {
  readonly runs: number;
  readonly failed: readonly { readonly seed: number; readonly rule: string; readonly text: string }[];
}

const everyRuns = 50;
const { first, step, end }: Share = workerData;
let runs = 0;
let failed: Progress["failed"] = [];
const tell = (): void => {
  const progress: Progress = { runs, failed };
  parentPort?.postMessage(progress);
  runs = 0;
  failed = [];
};
for (let seed = first; seed < end; seed += step) {
  const violation = (await simulate(planScenario(seed))).violations[0];
  if (violation !== undefined) failed = [...failed, { seed, ...violation }];
  runs++;
  if (runs === everyRuns) tell();
}
tell();
