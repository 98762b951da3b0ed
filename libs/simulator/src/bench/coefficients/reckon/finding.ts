import type { Finding } from "../names.ts";

/** The mean of what repeats gave, and how far they lie apart. Nothing is below 0: a difference that is, is noise around 0. */
export function findingOf(values: readonly number[], how: string, seen: string): Finding {
  const kept = values.map((value) => Math.max(0, value));
  const mean = kept.reduce((sum, value) => sum + value, 0) / kept.length;
  if (!Number.isFinite(mean)) throw new Error(`${how}: ${values.join(", ")} was measured`);
  const spread = { low: round(Math.min(...kept)), high: round(Math.max(...kept)), samples: kept.length };
  return { value: round(mean), spread, how, seen };
}

/** Four digits: more were never measured. */
function round(value: number): number {
  return Number(value.toPrecision(4));
}

/** For `seen`: three digits. */
export function show(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en-US", { maximumSignificantDigits: 3 });
}
