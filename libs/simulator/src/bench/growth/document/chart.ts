import type { TopLevelSpec } from "vega-lite";
import { colors, ground } from "../../side-by-side/report/charts/base.ts";
import type { AxisGrowth } from "../growth.ts";
import type { FigureName } from "../verdict/figures.ts";

const shown: readonly FigureName[] = [
  "cpuAMessage",
  "endToEndP50",
  "endToEndP99",
  "memory",
  "redisAMessage",
  "storeAMessage",
];

/** What a message costs and how long it takes, side by side, each from 0 on a scale of its own, over the size. */
export function growthChart({ axis, verdicts }: AxisGrowth, sizes: readonly number[], title: string): TopLevelSpec {
  const panels = verdicts.filter(({ figure }) => shown.includes(figure.name));
  const values = panels.flatMap((verdict) =>
    verdict.values.flatMap((value, index) => {
      const panel = panelTitle(verdict.figure);
      return Number.isFinite(value) ? [{ panel, course: verdict.course, size: sizes[index], value }] : [];
    }),
  );
  const field = { field: "size", type: "quantitative" } as const;
  const x = {
    ...field,
    title,
    scale: { type: "log", nice: false } as const,
    axis: { values: [...sizes], grid: false },
  };
  const y = { field: "value", type: "quantitative", title: null, scale: { zero: true } } as const;
  const color = {
    field: "course",
    type: "nominal",
    title: null,
    scale: { domain: ["flat", "falls", "grows"], range: [colors.ours, colors.store, colors.theirs] },
    legend: { orient: "top" },
  } as const;
  return {
    ...ground,
    title: `Cost against size: ${axis}`,
    data: { values },
    facet: { field: "panel", type: "nominal", sort: panels.map(({ figure }) => panelTitle(figure)), title: null },
    columns: 3,
    spec: {
      width: 190,
      height: 110,
      mark: { type: "line", point: true },
      encoding: { x, y, color },
    },
    spacing: { column: 24, row: 16 },
    resolve: { scale: { y: "independent" } },
  };
}

function panelTitle({ title, unit }: { readonly title: string; readonly unit: string }): string {
  return unit === "" ? title : `${title}, ${unit}`;
}
