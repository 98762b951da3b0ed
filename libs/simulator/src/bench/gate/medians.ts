import type { Figures, WorkFigures } from "./measure.ts";

/** Each figure by itself; a count that a run has not is 0 there. At least one run. */
export function medianFigures(runs: readonly Figures[]): Figures {
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, medianOf(runs.flatMap((run) => run[name] ?? []))]));
}

function medianOf(runs: readonly WorkFigures[]): WorkFigures {
  const counts = [...new Set(runs.flatMap((run) => Object.keys(run.counts)))];
  return {
    cpu: middle(runs.map(({ cpu }) => cpu)),
    allocatedBytes: middle(runs.map(({ allocatedBytes }) => allocatedBytes)),
    counts: Object.fromEntries(counts.map((name) => [name, middle(runs.map((run) => run.counts[name] ?? 0))])),
  };
}

/** The lower one of two. */
function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;
}
