import { expect, test } from "vitest";
import { RecentMap } from "./recent-map.ts";

const filled = (count: number, max = 4): RecentMap<number, string> => {
  const map = new RecentMap<number, string>(max);
  for (let key = 1; key <= count; key++) map.set(key, `v${key}`);
  return map;
};

test.each([1, 3, 4, 5, 7, 8, 9, 100])("of %i entries the newest 4 are there, and never more than 8", (count) => {
  const map = filled(count);
  const kept = Array.from({ length: count }, (_, index) => index + 1).filter((key) => map.has(key));
  expect(kept.length).toBeGreaterThanOrEqual(Math.min(count, 4));
  expect(kept.length).toBeLessThanOrEqual(8);
  // The newest ones, without a hole.
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => count - kept.length + 1 + index));
  for (const key of kept) expect(map.get(key)).toBe(`v${key}`);
});

test("setting an old entry anew makes it one of the newest, with its new value", () => {
  const map = filled(4);
  map.set(1, "new");
  for (let key = 5; key <= 7; key++) map.set(key, `v${key}`);
  expect(map.get(1)).toBe("new");
});
