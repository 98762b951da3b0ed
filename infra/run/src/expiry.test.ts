import { expect, test } from "vitest";
import { parseExpiry } from "./expiry.ts";

test.each([
  ["1", 1],
  ["90s", 90],
  ["15m", 900],
  ["1h", 3_600],
  ["7d", 604_800],
  ["3650d", 315_360_000],
])("%s is %d seconds", (text, seconds) => {
  expect(parseExpiry(text)).toBe(seconds);
});

test.each(["", "0", "0s", "-1h", "1.5h", "1w", "3651d", "1e9", "h"])(
  "%j is refused, and the message says what is not",
  (text) => {
    expect(() => parseExpiry(text)).toThrow(/--expires is .*90s, 15m, 1h or 7d/);
  },
);
