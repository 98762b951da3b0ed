/** Of several repeats of one figure. */
export interface Summary {
  readonly count: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** What is no number (0 over 0) tells nothing and is left out; undefined where nothing is left. */
export function summaryOf(values: Iterable<number>): Summary | undefined {
  const sorted = [...values].filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) return undefined;
  const lower = sorted[(sorted.length - 1) >> 1] ?? min;
  const upper = sorted[sorted.length >> 1] ?? max;
  return { count: sorted.length, median: (lower + upper) / 2, min, max };
}
