import { expect, test } from "vitest";
import { ratiosOf } from "./pairs.ts";

const figure = ({ value }: { readonly repeat: number; readonly value: number }): number => value;
const list = (...values: readonly number[]) => values.map((value, index) => ({ repeat: index + 1, value }));

test("ratios are of the same repeat: a slow repeat of both is none of the ratio", () => {
  expect(ratiosOf(list(1, 10, 100), list(2, 20, 200), figure)).toEqual({ count: 3, median: 0.5, min: 0.5, max: 0.5 });
});

test("the median is one of the ratios, not the ratio of the medians", () => {
  // Medians 2 and 4; ratios 0.1, 0.5 and 8.
  expect(ratiosOf(list(1, 2, 8), list(10, 4, 1), figure)).toEqual({ count: 3, median: 0.5, min: 0.1, max: 8 });
});

test("repeats are matched by their number, not by their place, and a half one is left out", () => {
  const ours = [
    { repeat: 3, value: 30 },
    { repeat: 1, value: 1 },
  ];
  const theirs = [
    { repeat: 2, value: 1_000 },
    { repeat: 3, value: 10 },
  ];
  expect(ratiosOf(ours, theirs, figure)).toEqual({ count: 1, median: 3, min: 3, max: 3 });
});

test("another figure of theirs can be the measure", () => {
  expect(ratiosOf(list(6), list(2), figure, ({ value }) => value + 1)?.median).toBe(2);
});

test("0 over 0 says nothing; something over 0 is without bound", () => {
  expect(ratiosOf(list(0), list(0), figure)).toBeUndefined();
  expect(ratiosOf(list(1), list(0), figure)?.median).toBe(Number.POSITIVE_INFINITY);
});
