import { expect, test } from "vitest";
import { neverBack, systemClock } from "./environment.ts";

test("a clock that is set back does not go back, goes on from there, and goes forward with the device's", () => {
  let now = 1_000;
  const clock = neverBack({ ...systemClock, now: () => now });
  expect(clock.now()).toBe(1_000);
  now = 1_500;
  expect(clock.now()).toBe(1_500);
  now -= 3_600_000;
  expect(clock.now()).toBe(1_500);
  now += 40;
  expect(clock.now()).toBe(1_540);
  now -= 10;
  expect(clock.now()).toBe(1_540);
  now += 3_600_000;
  expect(clock.now()).toBe(3_601_540);
});
