import fc from "fast-check";
import { expect, test } from "vitest";
import { utf8Bytes } from "./data-json.ts";
import { isDeeperThan } from "./json-depth.ts";

test("bytes of UTF-8 are counted as an encoder would write them", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
      expect(utf8Bytes(text)).toBe(new TextEncoder().encode(text).length);
    }),
  );
});

test("the scan counts the levels of any JSON value as a walk over the value does", () => {
  const depthOf = (value: unknown): number =>
    typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
  fc.assert(
    fc.property(
      fc.jsonValue({ maxDepth: 6, stringUnit: "binary" }),
      fc.integer({ min: 0, max: 8 }),
      (value, levels) => {
        expect(isDeeperThan(JSON.stringify(value), levels)).toBe(depthOf(value) > levels);
        expect(isDeeperThan(JSON.stringify(value, undefined, 1), levels)).toBe(depthOf(value) > levels);
      },
    ),
  );
});

test("a million open brackets, quotes or backslashes are answered at once and without a stack", () => {
  expect(isDeeperThan("[".repeat(1e6), 8)).toBe(true);
  expect(isDeeperThan('"'.repeat(1e6), 8)).toBe(false);
  expect(isDeeperThan(`"${"\\".repeat(1e6)}`, 8)).toBe(false);
  // Each quote of this text is escaped: looking back from every one of them again must not add up.
  expect(isDeeperThan(`"${'\\"'.repeat(5e5)}`, 8)).toBe(false);
});
