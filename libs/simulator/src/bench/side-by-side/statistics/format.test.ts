import { expect, test } from "vitest";
import { formatNumber, formatSummary } from "./format.ts";

test.each([
  [0, "0.00"],
  [0.214, "0.21"],
  [9.99, "9.99"],
  [24.06, "24.1"],
  [117.6, "118"],
  [45_120.4, "45,120"],
  [Number.POSITIVE_INFINITY, "∞"],
])("%f is written %s", (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test("a median stands with its spread, that of one repeat alone, that of none as a dash", () => {
  expect(formatSummary({ count: 5, median: 0.21, min: 0.19, max: 0.3 })).toBe("0.21 (0.19–0.30)");
  expect(formatSummary({ count: 1, median: 0.21, min: 0.21, max: 0.21 })).toBe("0.21");
  expect(formatSummary(undefined)).toBe("–");
});
