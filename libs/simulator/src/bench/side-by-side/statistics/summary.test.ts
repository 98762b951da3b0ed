import { expect, test } from "vitest";
import { summaryOf } from "./summary.ts";

test("of an odd number the one in the middle is the median, in whatever order they come", () => {
  expect(summaryOf([9, 1, 5])).toEqual({ count: 3, median: 5, min: 1, max: 9 });
});

test("of an even number the median is halfway between the two in the middle", () => {
  expect(summaryOf([4, 1, 3, 100])).toEqual({ count: 4, median: 3.5, min: 1, max: 100 });
});

test("of one it is that one", () => {
  expect(summaryOf([7])).toEqual({ count: 1, median: 7, min: 7, max: 7 });
});

test("what is no number is left out, and of nothing there is no summary", () => {
  expect(summaryOf([Number.NaN, 2])).toEqual({ count: 1, median: 2, min: 2, max: 2 });
  expect(summaryOf([Number.NaN])).toBeUndefined();
  expect(summaryOf([])).toBeUndefined();
});
