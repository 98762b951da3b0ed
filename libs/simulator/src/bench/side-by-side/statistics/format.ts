import type { Summary } from "./summary.ts";

/** Three digits or so: 0.21, 5.4, 24, 118, 45,120. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "∞";
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(size >= 10 ? 1 : 2);
}

/** "0.21 (0.19–0.24)": the median and the spread; of a single repeat the value alone; a dash where there is none. */
export function formatSummary(summary: Summary | undefined, format: (value: number) => string = formatNumber): string {
  if (summary === undefined) return "–";
  const { count, median, min, max } = summary;
  return count === 1 ? format(median) : `${format(median)} (${format(min)}–${format(max)})`;
}

export function formatMedian(summary: Summary | undefined, format: (value: number) => string = formatNumber): string {
  return summary === undefined ? "–" : format(summary.median);
}
