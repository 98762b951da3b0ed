import type { TopLevelSpec } from "vega-lite";
import type { Summary } from "../../statistics/summary.ts";
import { ground, sideColor, systemAxis } from "./base.ts";

/** A bar: what it stands for, its median and spread, and what is written at its end. */
export interface Bar {
  readonly system: string;
  readonly side: string;
  /** Column and row that it stands in; all the same where there is one only. */
  readonly column: string;
  readonly row: string;
  readonly summary: Summary;
  readonly label: string;
}

export interface BarsOptions {
  readonly title: string;
  readonly unit: string;
  readonly systems: readonly string[];
  readonly columns: readonly string[];
  readonly rows: readonly string[];
}

/** Bars with a line from the least to the most and the median written beside, each column with a scale of its own. */
export function barsSpec(bars: readonly Bar[], { title, unit, systems, columns, rows }: BarsOptions): TopLevelSpec {
  const y = systemAxis(systems);
  const x = (field: string) => ({ field, type: "quantitative", title: unit }) as const;
  return {
    ...ground,
    title,
    data: { values: bars.map(({ summary, ...bar }) => ({ ...bar, ...summary })) },
    facet: {
      row: { field: "row", sort: [...rows], title: null },
      column: { field: "column", sort: [...columns], title: null },
    },
    spec: {
      width: 190,
      height: { step: 18 },
      layer: [
        { mark: { type: "bar" }, encoding: { y, x: x("median"), color: sideColor } },
        { mark: { type: "rule", color: "#222" }, encoding: { y, x: x("min"), x2: { field: "max" } } },
        {
          mark: { type: "text", align: "left", dx: 4, fontSize: 10, color: "#222" },
          encoding: { y, x: x("max"), text: { field: "label" } },
        },
      ],
    },
    // Room for the figures at the ends of the longest bars.
    spacing: { column: 56, row: 16 },
    resolve: { scale: { x: "independent" } },
  };
}
