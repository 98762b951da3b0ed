import type { Assumptions } from "../assumptions.ts";
import type { Coefficients } from "../coefficients.ts";
import type { Capacity } from "../model/reckon.ts";

/** Everything that `npm run capacity` found out: the size asked for, and the sizes that are put side by side. */
export interface CapacityReport {
  readonly assumptions: Assumptions;
  readonly coefficients: Coefficients;
  readonly asked: Capacity;
  readonly compared: readonly Capacity[];
  /** Users a day at which one of it is used up. */
  readonly walls: ReadonlyMap<string, number>;
}
