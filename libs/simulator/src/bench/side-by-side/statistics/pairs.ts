import { type Summary, summaryOf } from "./summary.ts";

interface Repeated {
  readonly repeat: number;
}

/**
 * Ours over theirs, repeat by repeat: what slowed the machine down for a while slowed both, so that a ratio of
 * neighbours spreads less than one of medians. A repeat that either lacks is left out; undefined where none is whole.
 */
export function ratiosOf<T extends Repeated>(
  ours: readonly T[],
  theirs: readonly T[],
  figure: (one: T) => number,
  against: (one: T) => number = figure,
): Summary | undefined {
  const theirsByRepeat = new Map(theirs.map((one) => [one.repeat, one]));
  return summaryOf(
    ours.flatMap((one) => {
      const other = theirsByRepeat.get(one.repeat);
      return other === undefined ? [] : [figure(one) / against(other)];
    }),
  );
}
