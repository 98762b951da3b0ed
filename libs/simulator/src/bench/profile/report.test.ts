import { expect, test } from "vitest";
import { formatDelay, formatPer } from "./report.ts";
import { parseThread, threadsSince } from "./threads.ts";

test("a longer delay has the longer bar, and the longest is of full width", () => {
  const lines = formatDelay({
    count: 400,
    percentiles: [
      [50, 0],
      [99.9, 10],
      [100, 1_000],
    ],
  }).split("\n");
  const bars = lines.slice(1).map((line) => line.split("█").length - 1);
  expect(bars).toEqual([0, 20, 40]);
  expect(lines[1]).toMatch(/p50 +0.0 ms$/);
  expect(lines[3]).toMatch(/max +1,000 ms/);
});

test("CPU is told by deliveries, by connects where there are none, else by time", () => {
  const work = { seconds: 2, sends: 0, ackMs: { p50: 0, p99: 0 }, endToEndMs: { p50: 0, p99: 0 }, generatorBusy: 0 };
  expect(formatPer(1, { ...work, deliveries: 2_000, connects: 5 })).toBe("500.00 ms per 1,000 deliveries");
  expect(formatPer(1, { ...work, deliveries: 0, connects: 2_000 })).toBe("500.0 ms per 1,000 connects");
  expect(formatPer(1, { ...work, deliveries: 0, connects: 0 })).toBe("500.0 ms/s");
});

test("threads of one name are one line; the one with the process's own id is the main one", () => {
  const stat = (name: string, user: number): string => `7 (${name}) S ${"0 ".repeat(10)}${user} 50 0 0`;
  expect(parseThread(stat("a (b) c", 150), false)).toEqual({ name: "a (b) c", cpuS: 2 });
  const before = new Map([[1, parseThread(stat("node", 50), true)]]);
  const now = new Map([
    [1, parseThread(stat("node", 150), true)],
    [2, parseThread(stat("V8Worker", 150), false)],
    [3, parseThread(stat("V8Worker", 50), false)],
    [4, { name: "quiet", cpuS: 0 }],
  ]);
  expect(threadsSince(before, now)).toEqual([
    { name: "V8Worker", cpuS: 3 },
    { name: "main", cpuS: 1 },
  ]);
});
