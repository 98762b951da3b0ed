import fc from "fast-check";
import { expect, test } from "vitest";
import { RecentHashes } from "./recent-hashes.ts";

test("knows the last ones that were added, and never one that was not", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 30 - 1 }), { maxLength: 300 }), (hashes) => {
      const recent = new RecentHashes(20);
      const added = new Set<number>();
      for (const [at, hash] of hashes.entries()) {
        recent.add(hash);
        added.add(hash);
        for (const one of hashes.slice(Math.max(0, at - 19), at + 1)) expect(recent.has(one)).toBe(true);
        const stranger = (hash * 31 + 7) % 2 ** 30;
        if (!added.has(stranger)) expect(recent.has(stranger)).toBe(false);
      }
    }),
  );
});

test("forgets what came before the last two generations", () => {
  const recent = new RecentHashes(256);
  for (let hash = 0; hash < 5_000; hash++) recent.add(hash);
  const known = Array.from({ length: 5_000 }, (_, hash) => hash).filter((hash) => recent.has(hash));
  expect(known.length).toBeGreaterThanOrEqual(256);
  expect(known.length).toBeLessThanOrEqual(512);
  expect(known.at(-1)).toBe(4_999);
});
