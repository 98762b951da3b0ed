import type { Axis, AxisName } from "../axes.ts";
import type { Point } from "../measure/point.ts";
import { type Figure, figures } from "./figures.ts";
import { findReason } from "./reasons.ts";

export type Course = "flat" | "falls" | "grows";

export interface Verdict {
  readonly axis: AxisName;
  readonly figure: Figure;
  /** One a size; NaN where it was not measured. */
  readonly values: readonly number[];
  /** The value at the largest size over that at the smallest. */
  readonly ratio: number;
  /** By so much it changes where the size becomes ten times as large. */
  readonly perDecade: number;
  readonly course: Course;
  /** Of what is not flat; undefined where nobody has found one. */
  readonly reason: string | undefined;
}

/** A figure that changes by less than this each time the size becomes ten times as large is flat. */
export const flatPerDecade = { min: 0.8, max: 1.25 };

/** Every figure that was measured at both ends of the axis, in the order of the table. */
export function judgeAxis(axis: Pick<Axis, "name">, points: readonly Point[]): readonly Verdict[] {
  return figures.flatMap((figure) => {
    const values = points.map((point) => point.figures[figure.name] ?? Number.NaN);
    const sizes = points.map(({ size }) => size);
    const change = changeOf(sizes, values, figure.least);
    if (change === undefined) return [];
    const { course } = change;
    const reason = course === "flat" ? undefined : findReason(axis.name, figure.name, course);
    return [{ axis: axis.name, figure, values, ...change, reason }];
  });
}

/**
 * How a figure goes along an axis, by its two ends: the sizes between them are for the reader. What is below `least`
 * counts as `least`, and a difference of no more than that is none. Undefined where there are not two ends to compare.
 */
export function changeOf(
  sizes: readonly number[],
  values: readonly number[],
  least: number,
): { readonly ratio: number; readonly perDecade: number; readonly course: Course } | undefined {
  const [first, last] = [values.at(0), values.at(-1)];
  const [smallest, largest] = [sizes.at(0), sizes.at(-1)];
  if (first === undefined || last === undefined || smallest === undefined || largest === undefined) return undefined;
  if (Number.isNaN(first) || Number.isNaN(last) || largest <= smallest) return undefined;
  const ratio = Math.max(last, least) / Math.max(first, least);
  const perDecade = ratio ** (1 / Math.log10(largest / smallest));
  if (Math.abs(last - first) <= least) return { ratio, perDecade, course: "flat" };
  if (perDecade > flatPerDecade.max) return { ratio, perDecade, course: "grows" };
  return { ratio, perDecade, course: perDecade < flatPerDecade.min ? "falls" : "flat" };
}

/** The median of each figure over repeats of one axis; sizes that some repeat lacks are left out. */
export function medianPoints(repeats: readonly (readonly Point[])[]): readonly Point[] {
  const [first = [], ...others] = repeats;
  return first.flatMap((point) => {
    const same = others.map((points) => points.find(({ size }) => size === point.size));
    if (same.includes(undefined)) return [];
    const all = [point, ...same.flatMap((one) => one ?? [])];
    return [{ ...point, ...medians(all), warnings: all.flatMap(({ warnings }) => warnings) }];
  });
}

function medians(points: readonly Point[]): Pick<Point, "figures" | "roles" | "commands"> {
  const over = (of: (point: Point) => Readonly<Record<string, number>>): Record<string, number> => {
    const names = new Set(points.flatMap((point) => Object.keys(of(point))));
    return Object.fromEntries([...names].map((name) => [name, median(points.map((point) => of(point)[name] ?? 0))]));
  };
  const roles = Object.keys(points[0]?.roles ?? {});
  return {
    figures: over((point) => point.figures),
    commands: over((point) => point.commands),
    roles: Object.fromEntries(
      roles.map((role) => {
        const of = (key: "cpuAMessage" | "idleCpu" | "residentMiB" | "ownMiB"): number =>
          median(points.map((point) => point.roles[role]?.[key] ?? 0));
        return [
          role,
          {
            cpuAMessage: of("cpuAMessage"),
            idleCpu: of("idleCpu"),
            residentMiB: of("residentMiB"),
            ownMiB: of("ownMiB"),
          },
        ];
      }),
    ),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = Number.NaN, high = Number.NaN] = [sorted[(sorted.length - 1) >> 1], sorted[middle]];
  return (low + high) / 2;
}
