import { type Mode, modeTitles } from "../../plan.ts";
import { type Cell, cellsOf, type SideBySide } from "../../result.ts";
import { formatNumber } from "../../statistics/format.ts";
import { summaryOf } from "../../statistics/summary.ts";
import { shortTitleOf } from "../names.ts";
import type { Bar } from "./bars.ts";
import { roomTitle, sideOf } from "./base.ts";

/** One figure of every cell: a column a room size, a row a mode. */
export function sceneBars(
  result: SideBySide,
  modes: readonly Mode[],
  figure: (cell: Cell) => number,
  format: (value: number) => string = formatNumber,
): readonly Bar[] {
  return modes.flatMap((mode) =>
    result.plan.roomSizes.flatMap((roomSize) =>
      result.plan.systems.flatMap((system) => {
        const summary = summaryOf(cellsOf(result, { system, roomSize, mode }).map(figure));
        if (summary === undefined) return [];
        const place = { column: roomTitle(roomSize), row: modeTitles[mode] };
        const bar = { system: shortTitleOf(system), side: sideOf(system), ...place };
        return [{ ...bar, summary, label: format(summary.median) }];
      }),
    ),
  );
}
