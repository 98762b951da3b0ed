import { expect, test } from "vitest";
import { RateLimit } from "./rate-limit.ts";

const limits = { perSecond: 10, burst: 200 };

test("a burst passes, the next waits for as long as one takes", () => {
  const rate = new RateLimit(limits, 0);
  for (let index = 0; index < 200; index++) expect(rate.take(`r${index}`, 0)).toBe(0);
  // A tenth of a second each; half of one has come after half of that.
  expect(rate.take("late", 0)).toBe(100);
  expect(rate.take("late", 50)).toBe(50);
  expect(rate.take("late", 101)).toBe(0);
});

test("what has passed passes again, as far back as 256 ids", () => {
  const rate = new RateLimit({ perSecond: 10, burst: 300 }, 0);
  for (let index = 0; index < 300; index++) rate.take(`r${index}`, 0);
  for (let index = 300 - 256; index < 300; index++) expect(rate.take(`r${index}`, 0)).toBe(0);
  expect(rate.take("new", 0)).toBeGreaterThan(0);
});

test("ids are forgotten some time: a user holds at most 512", () => {
  // One that was forgotten is counted as new.
  const left = new RateLimit({ perSecond: 1, burst: 1 }, 0);
  expect(left.take("a", 0)).toBe(0);
  for (let index = 0; index < 512; index++) left.take(`x${index}`, (index + 1) * 1_000);
  expect(left.take("a", 512_000)).toBeGreaterThan(0);
});
