import type { TopLevelSpec } from "vega-lite";
import { expect, test } from "vitest";
import { renderSvg } from "./svg.ts";

const data = { values: [{ x: 3 }] };

test("a figure is drawn as SVG", async () => {
  const svg = await renderSvg({ data, mark: "bar", encoding: { x: { field: "x", type: "quantitative" } } });
  expect(svg).toMatch(/^<svg[\s\S]*mark-rect[\s\S]*<\/svg>$/);
});

test("what Vega would only tell its log fails", async () => {
  // A facet by an empty name breaks Vega's layout.
  const broken: TopLevelSpec = {
    data: { values: [{ x: 3, place: "" }] },
    facet: { row: { field: "place", sort: [""], title: null }, column: { field: "place", sort: [""], title: null } },
    spec: { mark: "bar", encoding: { x: { field: "x", type: "quantitative" } } },
  };
  await expect(renderSvg(broken)).rejects.toThrow("can't be drawn");
});
