import { type Mode, sceneOf } from "../plan.ts";
import { type Cell, cellsOf, type SideBySide } from "../result.ts";
import { formatMedian, formatNumber, formatSummary } from "../statistics/format.ts";
import { ratiosOf } from "../statistics/pairs.ts";
import { summaryOf } from "../statistics/summary.ts";
import { marksOf } from "./marks.ts";
import { type Baseline, isSplit, layoutsAgainst, type Target } from "./target.ts";

/** A bound, and the one of split roles where it is another. */
export interface Bound {
  readonly ratio: number;
  readonly split?: number;
}

export interface RatioFigure {
  readonly name: string;
  /** Of theirs, in the text. */
  readonly unit: string;
  of(cell: Cell): number;
}

export interface RatioTargetOptions {
  readonly figure: RatioFigure;
  readonly roomSize: number;
  readonly mode: Mode;
  readonly against: Baseline;
  readonly bound: Bound;
  /** Whether more is better: the bound is the least then. */
  readonly isFloor?: boolean;
  /** Instead of their figure as it is; `text` says it. */
  readonly yardstick?: { readonly text: string; of(theirs: Cell, result: SideBySide): number };
}

/** A ratio of cells, repeat by repeat: the median is what must hold. */
export function ratioTarget(options: RatioTargetOptions): Target {
  const { figure, roomSize, mode, against, bound, isFloor = false, yardstick } = options;
  const sign = isFloor ? "≥" : "≤";
  const times = (ratio: number): string => `${sign} ${ratio.toFixed(2)} ×`;
  const split = bound.split === undefined ? "" : ` (split ${times(bound.split)})`;
  const cells = (result: SideBySide, system: string): readonly Cell[] => cellsOf(result, { system, roomSize, mode });
  return {
    figure: figure.name,
    scene: sceneOf(roomSize, mode),
    against,
    limit: yardstick === undefined ? `${times(bound.ratio)}${split}` : `${times(bound.ratio)} (${yardstick.text})`,
    layouts: layoutsAgainst(against),
    isPlanned: ({ systems, roomSizes, modes }) =>
      systems.includes(against) && roomSizes.includes(roomSize) && modes.includes(mode),
    find(result, layout) {
      const ours = cells(result, layout);
      const theirs = cells(result, against);
      const measure = (cell: Cell): number => yardstick?.of(cell, result) ?? figure.of(cell);
      const ratios = ratiosOf(ours, theirs, figure.of, measure);
      if (ratios === undefined) return undefined;
      return { value: ratios.median, text: formatSummary(ratios), marks: marksOf([...ours, ...theirs]) };
    },
    theirs: (result) =>
      formatMedian(
        summaryOf(cells(result, against).map(figure.of)),
        (value) => `${formatNumber(value)} ${figure.unit}`,
      ),
    holds(layout, value) {
      const limit = isSplit(layout) ? (bound.split ?? bound.ratio) : bound.ratio;
      return isFloor ? value >= limit : value <= limit;
    },
  };
}
