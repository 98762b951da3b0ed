import { expect, test } from "vitest";
import { axes } from "./axes.ts";
import { growthOf } from "./growth.ts";
import type { Point } from "./measure/point.ts";
import { formatGrowth } from "./report.ts";

const axis = axes.find(({ name }) => name === "channels");
const role = { cpuAMessage: 0.25, idleCpu: 8, residentMiB: 120, ownMiB: 90 };
const point = (size: number, cpuAMessage: number, warnings: readonly string[] = []): Point => ({
  size,
  figures: { cpuAMessage, redisAMessage: 1 },
  roles: { gateway: role },
  commands: { spublish: 0.5, get: 1.25 },
  warnings,
});

test("a table shows each size, the ratio, the verdict, and what made it doubtful", () => {
  if (axis === undefined) throw new Error("no such axis");
  const text = formatGrowth([growthOf(axis, [[point(10, 0.5), point(1_000, 50, ["at 1000: 3 lost"])]])]);
  expect(text).toContain(axis.fixed);
  expect(text).toMatch(/CPU a message +│ 0.500 ms │ 50.000 ms │ +× 100.00 │ +× 10.00 │ grows/);
  expect(text).toMatch(/Redis commands a message +│ +1.00 │ +1.00 │ +× 1.00 │ +× 1.00 │ +flat/);
  expect(text).toContain("Redis commands a message at 1,000: get 1.25, spublish 0.50");
  expect(text).toContain("WARNING: at 1000: 3 lost");
  expect(text).toMatch(/gateway: RSS \(without files\) +│ +120 \(90\) MiB/);
});

test("what is not flat and has no reason says so", () => {
  if (axis === undefined) throw new Error("no such axis");
  const falling = growthOf(axis, [[point(10, 50), point(1_000, 0.5)]]);
  expect(formatGrowth([falling])).toContain("CPU a message falls: NO REASON IS KNOWN");
  const flat = growthOf(axis, [[point(10, 0.5), point(1_000, 0.5)]]);
  expect(formatGrowth([flat])).not.toContain("REASON");
});
