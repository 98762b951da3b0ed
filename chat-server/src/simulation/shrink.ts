import type { Violation } from "./history.ts";
import type { Scenario } from "./scenario.ts";
import { simulate } from "./simulate.ts";
import type { Mutation } from "./world.ts";

/**
 * The smallest part of a scenario found that still breaks the same rule: faults and wishes are left out in ever
 * smaller groups. **Bounds**: `runsMax` runs. **Source**: ddmin of Zeller and Hildebrandt, 2002, without complements.
 */
export async function shrink(
  scenario: Scenario,
  rule: string,
  mutation: Mutation = {},
  runsMax = 2_000,
): Promise<{ readonly scenario: Scenario; readonly violation: Violation | undefined }> {
  let smallest = scenario;
  let violation: Violation | undefined;
  let runs = 0;
  const breaks = async (candidate: Scenario): Promise<boolean> => {
    if (runs++ >= runsMax) return false;
    const found = (await simulate(candidate, mutation)).violations.find((one) => one.rule === rule);
    if (found === undefined) return false;
    violation = found;
    smallest = candidate;
    return true;
  };
  await breaks(scenario);
  for (let isSmaller = true; isSmaller && runs < runsMax; ) {
    const before = smallest;
    await cut(smallest.faults, (faults) => breaks({ ...smallest, faults }));
    await cut(smallest.wishes, (wishes) => breaks({ ...smallest, wishes }));
    isSmaller = smallest !== before;
  }
  return { scenario: smallest, violation };
}

async function cut<T>(all: readonly T[], breaks: (rest: readonly T[]) => Promise<boolean>): Promise<void> {
  let kept = all;
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size >> 1) {
    for (let at = 0; at < kept.length; ) {
      const rest = [...kept.slice(0, at), ...kept.slice(at + size)];
      if (await breaks(rest)) kept = rest;
      else at += size;
    }
  }
}
