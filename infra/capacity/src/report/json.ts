import type { CapacityReport } from "./report.ts";

/** The same as the text, for machines. */
export function toJson({ assumptions, coefficients, asked, compared, walls }: CapacityReport): string {
  const { json: _, write: __, ...given } = assumptions;
  return JSON.stringify({ assumptions: given, coefficients, asked, compared, usedUpAt: Object.fromEntries(walls) });
}
