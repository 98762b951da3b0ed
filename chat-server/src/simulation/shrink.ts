import type { Violation } from "./history.ts";
import type { Scenario } from "./scenario.ts";
import { simulate } from "./simulate.ts";
import type { Mutation } from "./world.ts";

/**
 * The smallest part of a scenario found that still breaks the same rule: faults and wishes are left out in ever
 * smaller groups. **Bounds**: `runsMax` runs. **Source**: ddmin of Zeller and Hildebrandt, 2002, without complements.
 */
export function shrink(
  scenario: Scenario,
  rule: string,
  mutation: Mutation = {},
  runsMax = 2_000,
): { readonly scenario: Scenario; readonly violation: Violation | undefined } {
  let smallest = scenario;
  let violation: Violation | undefined;
  let runs = 0;
  const breaks = (candidate: Scenario): boolean => {
    if (runs++ >= runsMax) return false;
    const found = simulate(candidate, mutation).violations.find((one) => one.rule === rule);
    if (found === undefined) return false;
    violation = found;
    smallest = candidate;
    return true;
  };
  breaks(scenario);
  for (let isSmaller = true; isSmaller && runs < runsMax; ) {
    const before = smallest;
    cut(smallest.faults, (faults) => breaks({ ...smallest, faults }));
    cut(smallest.wishes, (wishes) => breaks({ ...smallest, wishes }));
    isSmaller = smallest !== before;
  }
  return { scenario: smallest, violation };
}

function cut<T>(all: readonly T[], breaks: (rest: readonly T[]) => boolean): void {
  let kept = all;
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size >> 1) {
    for (let at = 0; at < kept.length; ) {
      const rest = [...kept.slice(0, at), ...kept.slice(at + size)];
      if (breaks(rest)) kept = rest;
      else at += size;
    }
  }
}
