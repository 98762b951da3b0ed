import type { AxisName } from "../axes.ts";
import type { FigureName } from "./figures.ts";
import type { Course } from "./verdict.ts";

/** Why a figure is not flat along an axis, as it was understood from what was measured. */
export interface Reason {
  readonly axis: AxisName;
  readonly figures: readonly FigureName[];
  readonly course: Exclude<Course, "flat">;
  readonly why: string;
}

export const reasons: readonly Reason[] = [];

export function findReason(axis: AxisName, figure: FigureName, course: Course): string | undefined {
  return reasons.find((one) => one.axis === axis && one.course === course && one.figures.includes(figure))?.why;
}
