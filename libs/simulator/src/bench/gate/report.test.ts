import { expect, test } from "vitest";
import { formatGate } from "./report.ts";
import type { Line } from "./verdict.ts";

const committed = { date: "2026-01-01", machine: "m", node: process.version, command: "c" };
const line: Line = { work: "w", figure: "f", committed: 10, found: 10, tolerance: 0.15, course: "holds" };

test("lines that hold say so, with the day of the figures", () => {
  expect(formatGate(committed, [line])).toContain("1 lines hold, figures of 2026-01-01");
});

test("what is worse and what is better is said, and how the figures are renewed", () => {
  const text = formatGate(committed, [
    { ...line, found: 12, course: "worse" },
    { ...line, found: 8, course: "better" },
    { ...line, committed: 0, course: "worse" },
  ]);
  expect(text).toMatch(/\+20\.0 %.*WORSE/);
  expect(text).toMatch(/-20\.0 %.*BETTER/);
  expect(text).toMatch(/new.*WORSE/);
  expect(text).toContain("2 lines are worse");
  expect(text).toContain("1 lines are better");
  expect(text).toContain("npm run bench -- gate --write");
});

test("another Node is named where lines are out", () => {
  expect(formatGate({ ...committed, node: "v1.0.0" }, [{ ...line, course: "worse" }])).toContain("Node v1.0.0");
});
