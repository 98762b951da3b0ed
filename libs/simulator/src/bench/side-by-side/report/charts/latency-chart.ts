import { cellsOf, type SideBySide } from "../../result.ts";
import { formatNumber } from "../../statistics/format.ts";
import { summaryOf } from "../../statistics/summary.ts";
import { shortTitleOf } from "../names.ts";
import { type Figure, ground, ordersOf, roomTitle, sideColor, sideOf, systemAxis } from "./base.ts";

/** End to end at one rate for all: a line from p50 (dot) to p99 (stroke), a column a room size, logarithmic. */
export function latencyChart(result: SideBySide): Figure {
  const { systems, rooms } = ordersOf(result);
  const values = result.plan.roomSizes.flatMap((roomSize) =>
    result.plan.systems.flatMap((system) => {
      const cells = cellsOf(result, { system, roomSize, mode: "same" });
      const p50 = summaryOf(cells.map(({ endToEndMs }) => endToEndMs.p50))?.median;
      const p99 = summaryOf(cells.map(({ endToEndMs }) => endToEndMs.p99))?.median;
      if (p50 === undefined || p99 === undefined) return [];
      const label = `${formatNumber(p50)} / ${formatNumber(p99)}`;
      return [{ room: roomTitle(roomSize), system: shortTitleOf(system), side: sideOf(system), p50, p99, label }];
    }),
  );
  const y = systemAxis(systems);
  const x = (field: string) =>
    ({ field, type: "quantitative", scale: { type: "log" }, title: "ms", axis: { tickCount: 4 } }) as const;
  const title = "End to end, p50 and p99, at half of Socket.IO's saturation";
  return {
    name: "end-to-end",
    title,
    spec: {
      ...ground,
      title: `${title} (dot: p50, stroke: p99; logarithmic)`,
      data: { values },
      facet: { column: { field: "room", sort: [...rooms], title: null } },
      spacing: { column: 70 },
      spec: {
        width: 210,
        height: { step: 22 },
        layer: [
          { mark: { type: "rule" }, encoding: { y, x: x("p50"), x2: { field: "p99" }, color: sideColor } },
          {
            mark: { type: "point", filled: true, size: 50, opacity: 1 },
            encoding: { y, x: x("p50"), color: sideColor },
          },
          { mark: { type: "tick", thickness: 2 }, encoding: { y, x: x("p99"), color: sideColor } },
          {
            mark: { type: "text", align: "left", dx: 5, fontSize: 10, color: "#222" },
            encoding: { y, x: x("p99"), text: { field: "label" } },
          },
        ],
      },
    },
  };
}
