import { expect, test } from "vitest";
import { fixedCell } from "../testing/fixed-result.ts";
import { formatFaults, formatPercent, reorderedShare } from "./fault-target.ts";

test.each([
  [0, "0 %"],
  [0.00001, "< 0.01 %"],
  [0.0034, "0.34 %"],
  [0.0561, "5.6 %"],
])("a share of %f is written %s", (share, text) => {
  expect(formatPercent(share)).toBe(text);
});

test("a share is of all pairs together, and none of none", () => {
  const cells = [fixedCell({ pairs: 900, reordered: 10 }), fixedCell({ pairs: 100, reordered: 90 })];
  expect(reorderedShare(cells)).toBe(0.1);
  expect(reorderedShare([])).toBe(0);
  expect(formatFaults(cells, "reordered")).toBe("100 (10.0 %)");
});

test("counts are added up; of no cells there is none", () => {
  expect(formatFaults([fixedCell({ lost: 700 }), fixedCell({ lost: 800 })], "lost")).toBe("1,500");
  expect(formatFaults([], "doubled")).toBe("–");
});
