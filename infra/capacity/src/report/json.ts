import type { CapacityReport } from "./text.ts";

/** The same as the text, for machines. */
export function toJson({ assumptions, coefficients, asked, compared, walls }: CapacityReport): string {
  const { json: _, ...given } = assumptions;
  return JSON.stringify({ assumptions: given, coefficients, asked, compared, usedUpAt: Object.fromEntries(walls) });
}
