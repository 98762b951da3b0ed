/** A value at a time, s. */
export interface Point {
  readonly atS: number;
  readonly value: number;
}

/** The straight line of least squares through points, and how well it is known. */
export interface Trend {
  readonly mean: number;
  /** The value's unit a second. */
  readonly perS: number;
  /** Half the width of the 95 % confidence interval of `perS`; infinite where the points are too few to tell. */
  readonly plusMinusPerS: number;
}

/**
 * The slope and how well it is known. Neighbours in time resemble each other (a heap that grows until it is collected), so
 * that there is less to learn from them than their number says: it is reduced by how much each is like the one before.
 * **Source**: ordinary least squares; Santer et al. 2000, "Statistical significance of trends and trend differences in
 * layer-average atmospheric temperature time series", J. Geophys. Res. 105, section 4: the adjusted sample size; never below
 * what leaves {@link freedomMin}, else a line that only creeps, each point like the one before, could never be told.
 */
export function trendOf(points: readonly Point[]): Trend {
  const count = points.length;
  const meanAt = meanOf(points.map(({ atS }) => atS));
  const mean = meanOf(points.map(({ value }) => value));
  const spread = sumOf(points, ({ atS }) => (atS - meanAt) ** 2);
  if (count < freedomMin + 2 || spread === 0) return { mean, perS: 0, plusMinusPerS: Number.POSITIVE_INFINITY };
  const perS = sumOf(points, ({ atS, value }) => (atS - meanAt) * (value - mean)) / spread;
  const rest = points.map(({ atS, value }) => value - mean - perS * (atS - meanAt));
  const squares = rest.reduce((sum, one) => sum + one * one, 0);
  if (squares === 0) return { mean, perS, plusMinusPerS: 0 };
  const likeness = Math.max(0, rest.slice(1).reduce((sum, one, index) => sum + one * (rest[index] ?? 0), 0) / squares);
  const freedom = Math.max(freedomMin, (count * (1 - likeness)) / (1 + likeness) - 2);
  return { mean, perS, plusMinusPerS: studentQuantile(freedom) * Math.sqrt(squares / freedom / spread) };
}

/** Below it the quantile's series is off by more than 1 %. */
const freedomMin = 3;

/** Of Student's t at 97.5 %. **Source**: Abramowitz and Stegun 1964, 26.7.5: within 1 % from 3 degrees of freedom on. */
export function studentQuantile(freedom: number): number {
  const x = 1.959964;
  const terms = [
    (x ** 3 + x) / 4,
    (5 * x ** 5 + 16 * x ** 3 + 3 * x) / 96,
    (3 * x ** 7 + 19 * x ** 5 + 17 * x ** 3 - 15 * x) / 384,
    (79 * x ** 9 + 776 * x ** 7 + 1_482 * x ** 5 - 1_920 * x ** 3 - 945 * x) / 92_160,
  ];
  return terms.reduce((sum, term, index) => sum + term / freedom ** (index + 1), x);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function sumOf(points: readonly Point[], of: (point: Point) => number): number {
  return points.reduce((sum, point) => sum + of(point), 0);
}
