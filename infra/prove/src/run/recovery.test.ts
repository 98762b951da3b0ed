import { expect, test } from "vitest";
import type { Fault } from "./arena.ts";
import { recoveries } from "./recovery.ts";

const fault = (from: number, to = from): Fault => ({ what: "a fault", from, to });

test("a fault that nobody waited for longer than a second has no recovery time", () => {
  expect(recoveries([fault(1_000)], [{ from: 900, to: 1_900 }], 60_000)).toEqual([0]);
});

test("a recovery lasts until the last slow request was answered", () => {
  const waits = [
    { from: 950, to: 2_500 },
    { from: 1_500, to: 4_200 },
    { from: 4_000, to: 4_300 },
  ];
  expect(recoveries([fault(1_000)], waits, 60_000)).toEqual([3_200]);
});

test("it is counted from the end of a fault that lasts", () => {
  expect(recoveries([fault(1_000, 9_000)], [{ from: 1_100, to: 9_400 }], 60_000)).toEqual([400]);
});

test("slow requests during a fault are not its recovery", () => {
  expect(recoveries([fault(1_000, 9_000)], [{ from: 1_100, to: 8_000 }], 60_000)).toEqual([0]);
});

test("what the next fault slows down is not the recovery of the one before", () => {
  const waits = [
    { from: 1_100, to: 3_000 },
    { from: 10_100, to: 12_500 },
  ];
  expect(recoveries([fault(1_000), fault(10_000)], waits, 60_000)).toEqual([2_000, 2_500]);
});

test("a request that waits through the next fault, too, counts against both", () => {
  const waits = [{ from: 1_100, to: 12_000 }];
  expect(recoveries([fault(1_000), fault(10_000)], waits, 60_000)).toEqual([11_000, 2_000]);
});
