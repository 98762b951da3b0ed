import type { Mutant } from "./mutants.ts";
import { planScenario, type Scenario } from "./scenario.ts";
import { simulate } from "./simulate.ts";

export interface Hunt {
  /** Runs until it was caught; undefined where it was not. */
  readonly runs: number | undefined;
  readonly rule: string;
  readonly scenario: Scenario | undefined;
  /** What else was found broken on the way. */
  readonly others: readonly string[];
}

/** Runs a mutant until it is caught by one of the invariants that it is known to break. `change`: of each scenario. */
export async function hunt(mutant: Mutant, change: (scenario: Scenario) => Scenario = (one) => one): Promise<Hunt> {
  const others: string[] = [];
  const first = mutant.firstSeed ?? 1;
  for (let seed = first; seed < first + mutant.runsMax; seed++) {
    const planned = change(planScenario(seed));
    const scenario = mutant.prepare?.(planned) ?? planned;
    // With that layer off this one breaks by itself.
    if (mutant.control !== undefined && (await simulate(scenario, mutant.control)).violations.length > 0) continue;
    const { violations } = await simulate(scenario, mutant.mutation);
    const caught = violations.find(({ rule }) => mutant.caughtBy.includes(rule));
    if (caught !== undefined) return { runs: seed - first + 1, rule: caught.rule, scenario, others };
    for (const { rule, text } of violations) if (others.length < 5) others.push(`${rule} ${text}`);
  }
  return { runs: undefined, rule: "", scenario: undefined, others };
}
