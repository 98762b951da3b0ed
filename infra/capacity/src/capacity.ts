import { ConfigError } from "@parley/config";
import type { Assumptions } from "./assumptions.ts";
import type { Coefficients } from "./coefficients.ts";
import { findWalls, reckonCapacity } from "./model/reckon.ts";
import type { CapacityReport } from "./report/report.ts";

/** Sizes that stand side by side, users a day. */
const comparedDau = [10_000, 1_000_000, 100_000_000] as const;

/** Reckons the size asked for and those beside it. **Errors**: ConfigError where an empty process fills its memory. */
export function planCapacity(assumptions: Assumptions, coefficients: Coefficients): CapacityReport {
  const baseMib = Math.max(coefficients.gatewayBaseMib.value, coefficients.chatBaseMib.value);
  if (assumptions.processMib <= baseMib) {
    throw new ConfigError(
      `--process-mib is ${assumptions.processMib}: an empty process takes ${Math.ceil(baseMib)} MiB, so it must be more`,
    );
  }
  const sizes = [...new Set([...comparedDau, assumptions.dau])].toSorted((a, b) => a - b);
  return {
    assumptions,
    coefficients,
    asked: reckonCapacity(assumptions, coefficients),
    compared: sizes.map((dau) => reckonCapacity({ ...assumptions, dau }, coefficients)),
    walls: findWalls(assumptions, coefficients),
  };
}
