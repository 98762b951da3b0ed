import { afterEach, expect, test } from "vitest";
import { setClockOffset } from "./wrong-clock.ts";

const right = Date;
const hourMs = 3_600_000;
afterEach(() => setClockOffset(0));

test("every way to ask for the time is wrong by the same", () => {
  const before = right.now();
  setClockOffset(hourMs);
  const asked = new Date();
  for (const told of [Date.now(), asked.getTime()]) {
    expect(told).toBeGreaterThanOrEqual(before + hourMs);
    expect(told).toBeLessThan(before + hourMs + 60_000);
  }
  expect(new Date()).toBeInstanceOf(right);
});

test("a date that is named is the date that is meant", () => {
  setClockOffset(-hourMs);
  expect(new Date(5).getTime()).toBe(5);
  expect(new Date("2026-11-24T00:00:00Z").toISOString()).toBe("2026-11-24T00:00:00.000Z");
});

test("offsets do not add up, and 0 sets the clock right", () => {
  setClockOffset(hourMs);
  setClockOffset(hourMs);
  expect(Date.now()).toBeLessThan(right.now() + hourMs + 60_000);
  setClockOffset(0);
  expect(Date).toBe(right);
});
