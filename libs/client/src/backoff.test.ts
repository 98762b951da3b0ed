import fc from "fast-check";
import { expect, test } from "vitest";
import { Backoff } from "./backoff.ts";

test("the n-th wait lies in [0, min(max, base × 2^n))", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength: 60 }), (draws) => {
      let at = 0;
      const backoff = new Backoff({ baseMs: 500, maxMs: 30_000, random: () => draws[at] ?? 0 });
      for (; at < draws.length; at += 1) {
        const delayMs = backoff.nextDelayMs();
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThan(Math.min(30_000, 500 * 2 ** at));
      }
    }),
  );
});

test("after a reset the first wait is short again", () => {
  const backoff = new Backoff({ baseMs: 500, maxMs: 30_000, random: () => 0.99 });
  for (let attempt = 0; attempt < 9; attempt += 1) backoff.nextDelayMs();
  backoff.reset();
  expect(backoff.nextDelayMs()).toBe(495);
});
