import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Point, studentQuantile, trendOf } from "./trend.ts";

const at = (values: readonly number[]): readonly Point[] => values.map((value, atS) => ({ atS, value }));

describe("a trend", () => {
  test("the worked example of a text book", () => {
    // NIST/SEMATECH e-Handbook, 4.1.4.1's formulas by hand: x 1 to 5, y 2, 4, 5, 4, 5: slope 0.6, its error 0.2828.
    const { mean, perS, plusMinusPerS } = trendOf(at([2, 4, 5, 4, 5]));
    expect(mean).toBe(4);
    expect(perS).toBeCloseTo(0.6);
    // Residuals −0.8, 0.6, 1.0, −0.6, −0.2 are not like their neighbours, so that all five count: t of 3 is 3.182.
    expect(plusMinusPerS / 0.2828).toBeCloseTo(3.182, 1);
  });

  test("a line without noise is known exactly, wherever it lies", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000, max: 1_000 }), fc.integer({ min: 0, max: 1_000_000 }), (slope, start) => {
        const { perS, plusMinusPerS } = trendOf(at(Array.from({ length: 20 }, (_, index) => start + slope * index)));
        expect(perS).toBeCloseTo(slope, 6);
        expect(plusMinusPerS).toBeLessThan(1e-6);
      }),
    );
  });

  test("too few points tell nothing", () => {
    expect(trendOf(at([1, 2, 4, 5])).plusMinusPerS).toBe(Number.POSITIVE_INFINITY);
    expect(trendOf([1, 2, 3, 4, 5].map((value) => ({ atS: 7, value }))).plusMinusPerS).toBe(Number.POSITIVE_INFINITY);
  });

  test("points that are like their neighbours count for less", () => {
    const restless = Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? 1 : -1));
    const lazy = Array.from({ length: 60 }, (_, index) => (index % 20 < 10 ? 1 : -1));
    const [a, b] = [trendOf(at(restless)), trendOf(at(lazy))];
    expect(b.plusMinusPerS).toBeGreaterThan(2 * a.plusMinusPerS);
  });

  test("the quantile is that of the tables", () => {
    for (const [freedom, quantile] of [
      [3, 3.182],
      [5, 2.571],
      [10, 2.228],
      [30, 2.042],
    ] as const) {
      expect(studentQuantile(freedom) / quantile).toBeCloseTo(1, 2);
    }
  });
});
