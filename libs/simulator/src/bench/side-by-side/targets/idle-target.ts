import { bytesAConnection, type IdleCell, type SideBySide } from "../result.ts";
import { formatMedian, formatNumber, formatSummary } from "../statistics/format.ts";
import { ratiosOf } from "../statistics/pairs.ts";
import { summaryOf } from "../statistics/summary.ts";
import { type Baseline, layoutsAgainst, type Target } from "./target.ts";

/** Resident memory of an idle connection over theirs, all server processes of a system together. */
export function idleTarget(against: Baseline, bound: number): Target {
  const cells = ({ idle }: SideBySide, wanted: string): readonly IdleCell[] =>
    idle.filter(({ system }) => system === wanted);
  return {
    figure: "RSS an idle connection, all processes",
    scene: "",
    against,
    limit: `≤ ${bound.toFixed(2)} ×`,
    layouts: layoutsAgainst(against),
    isPlanned: ({ systems, idle }) => systems.includes(against) && idle > 0,
    find(result, layout) {
      const ratios = ratiosOf(cells(result, layout), cells(result, against), bytesAConnection);
      return ratios === undefined ? undefined : { value: ratios.median, text: formatSummary(ratios), marks: [] };
    },
    theirs: (result) => {
      const kib = summaryOf(cells(result, against).map((cell) => bytesAConnection(cell) / 1_024));
      return formatMedian(kib, (value) => `${formatNumber(value)} KiB`);
    },
    // Less than nothing was measured too early: what the start left behind was given back in between.
    holds: (_layout, value) => value > 0 && value <= bound,
  };
}
