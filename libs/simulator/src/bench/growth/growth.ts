import { type Axis, type AxisName, axes } from "./axes.ts";
import { measurePoint, type Point, type PointOptions } from "./measure/point.ts";
import { judgeAxis, medianPoints, type Verdict } from "./verdict/verdict.ts";

export interface GrowthOptions extends PointOptions {
  readonly axes: readonly AxisName[];
  /** Only these sizes of an axis; all where none is named. */
  readonly sizes: readonly number[];
  readonly repeats: number;
}

export interface AxisGrowth {
  readonly axis: AxisName;
  /** One a size: medians over the repeats. */
  readonly points: readonly Point[];
  readonly repeats: readonly (readonly Point[])[];
  readonly verdicts: readonly Verdict[];
}

/** Measures each axis, size after size, each on a system started for it; repeats one after the other. */
export async function measureGrowth(options: GrowthOptions): Promise<readonly AxisGrowth[]> {
  const wanted = axes.filter(({ name }) => options.axes.includes(name));
  const repeats = new Map<AxisName, (readonly Point[])[]>(wanted.map(({ name }) => [name, []]));
  for (let repeat = 1; repeat <= options.repeats; repeat++) {
    if (options.repeats > 1) options.say(`repeat ${repeat} of ${options.repeats}`);
    for (const axis of wanted) repeats.get(axis.name)?.push(await measureAxis(axis, options));
  }
  return wanted.map((axis) => growthOf(axis, repeats.get(axis.name) ?? []));
}

export function growthOf(axis: Axis, repeats: readonly (readonly Point[])[]): AxisGrowth {
  const points = medianPoints(repeats);
  return { axis: axis.name, points, repeats, verdicts: judgeAxis(axis, points) };
}

async function measureAxis(axis: Axis, options: GrowthOptions): Promise<readonly Point[]> {
  const points: Point[] = [];
  for (const size of axis.sizes) {
    if (options.sizes.length > 0 && !options.sizes.includes(size)) continue;
    points.push(await measurePoint(axis, size, options));
  }
  return points;
}
