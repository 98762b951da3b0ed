import { deliveryMutants } from "./mutants-of-delivery.ts";
import { logMutants } from "./mutants-of-log.ts";
import type { Scenario } from "./scenario.ts";
import type { Mutation } from "./world.ts";

/** One rule broken, and how that must come to light. */
export interface Mutant {
  readonly name: string;
  /** Number of the rule of the log that it breaks, or the invariant. */
  readonly rule: string;
  readonly mutation: Mutation;
  /** Invariants of which at least one must be found broken. */
  readonly caughtBy: readonly string[];
  readonly runsMax: number;
  /** Where the search begins; not far before the first catch, so that tests are short. */
  readonly firstSeed?: number;
  readonly prepare?: (scenario: Scenario) => Scenario;
  /** It shows only where an id is used twice for different things, which the checkers of whole histories do not judge. */
  readonly needsRaw?: boolean;
  /** The layers that are switched off for it, without the mutation: only where this holds is a catch one. */
  readonly control?: Mutation;
}

/** Every rule that lives in what is simulated, broken at least once; each must be found within its runs. */
export const mutants: readonly Mutant[] = [...logMutants, ...deliveryMutants];
