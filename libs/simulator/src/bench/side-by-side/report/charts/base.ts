import type { TopLevelSpec } from "vega-lite";
import { type Mode, modeTitles } from "../../plan.ts";
import type { SideBySide } from "../../result.ts";
import { shortTitleOf } from "../names.ts";

/** One picture: `name` is its file without the ending. */
export interface Figure {
  readonly name: string;
  readonly title: string;
  readonly spec: TopLevelSpec;
}

/** Its own white ground: a page may be dark. */
export const ground = {
  background: "white",
  padding: 12,
  config: {
    font: "Helvetica, Arial, sans-serif",
    title: { anchor: "start", fontSize: 14, offset: 12 },
    axis: { labelColor: "#333", titleColor: "#333", gridColor: "#e5e5e5", labelLimit: 200 },
    header: { labelColor: "#333", labelFontSize: 12 },
    view: { stroke: "#ddd" },
  },
} as const;

export const colors = { ours: "#1f6f8b", theirs: "#c0632d", redis: "#8e5ea2", store: "#7a7a7a" } as const;

export function roomTitle(roomSize: number): string {
  return `rooms of ${roomSize.toLocaleString("en-US")}`;
}

/** Orders in which rows and columns stand: as in the plan, not by the alphabet. */
export function ordersOf({ plan }: SideBySide) {
  return {
    systems: plan.systems.map(shortTitleOf),
    rooms: plan.roomSizes.map(roomTitle),
    modes: plan.modes.map((mode: Mode) => modeTitles[mode]),
  };
}

/** Whose bar it is, for its color. */
export function sideOf(system: string): "Parley" | "theirs" {
  return system.startsWith("parley") ? "Parley" : "theirs";
}

export const sideColor = {
  field: "side",
  type: "nominal",
  scale: { domain: ["Parley", "theirs"], range: [colors.ours, colors.theirs] },
  legend: null,
} as const;

/** Systems one under the other; their names stand once, at the left. */
export function systemAxis(systems: readonly string[]) {
  return { field: "system", type: "nominal", sort: [...systems], title: null } as const;
}
