import { type Mode, modeTitles } from "../../plan.ts";
import { type Cell, cellsOf, type SideBySide } from "../../result.ts";
import { summaryOf } from "../../statistics/summary.ts";
import { shortTitleOf } from "../names.ts";
import { colors, type Figure, ground, ordersOf, roomTitle, systemAxis } from "./base.ts";

const parts = [
  { part: "server", color: colors.ours, of: (cell: Cell) => cell.serverCpuMs },
  { part: "Redis", color: colors.redis, of: (cell: Cell) => cell.redisCpuMs },
  { part: "store", color: colors.store, of: (cell: Cell) => cell.storeCpuMs },
] as const;

const shownModes: readonly Mode[] = ["saturated", "half", "same"];

/** CPU per 1,000 deliveries by system, Redis and store apart; a column a room size, each with a scale of its own. */
export function cpuChart(result: SideBySide): Figure {
  const { systems, rooms, modes } = ordersOf(result);
  const values = result.plan.roomSizes.flatMap((roomSize) =>
    shownModes.flatMap((mode) =>
      result.plan.systems.flatMap((system) => {
        const cells = cellsOf(result, { system, roomSize, mode });
        return parts.flatMap(({ part, of }, order) => {
          const ms = summaryOf(cells.map(of))?.median;
          const scene = { room: roomTitle(roomSize), mode: modeTitles[mode], system: shortTitleOf(system) };
          return ms === undefined ? [] : [{ ...scene, part, order, ms }];
        });
      }),
    ),
  );
  const title = "CPU per 1,000 deliveries";
  return {
    name: "cpu",
    title,
    spec: {
      ...ground,
      title: `${title} (medians)`,
      data: { values },
      facet: {
        row: { field: "mode", sort: [...modes], title: null },
        column: { field: "room", sort: [...rooms], title: null },
      },
      spec: {
        width: 190,
        height: { step: 18 },
        mark: { type: "bar" },
        encoding: {
          y: systemAxis(systems),
          x: { field: "ms", type: "quantitative", title: "ms", stack: true },
          order: { field: "order" },
          color: {
            field: "part",
            type: "nominal",
            title: null,
            scale: { domain: parts.map(({ part }) => part), range: parts.map(({ color }) => color) },
            legend: { orient: "top" },
          },
        },
      },
      spacing: { column: 24, row: 16 },
      resolve: { scale: { x: "independent" } },
    },
  };
}
