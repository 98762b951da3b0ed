import fc from "fast-check";
import { expect, test } from "vitest";
import { keyHash, smallHash } from "./key-hash.ts";

test("a whole number below 2^52, the same for the same key", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (sender, id) => {
      const hash = keyHash(sender, id);
      expect(Number.isSafeInteger(hash) && hash >= 0 && hash < 2 ** 52).toBe(true);
      expect(keyHash(sender, id)).toBe(hash);
    }),
  );
});

test("sender and id do not run into each other", () => {
  expect(keyHash("a", "bc")).not.toBe(keyHash("ab", "c"));
  expect(keyHash("", "a")).not.toBe(keyHash("a", ""));
});

test("a million keys that differ in a character or two are all told apart", () => {
  const hashes = new Set<number>();
  for (let user = 0; user < 1_000; user++) {
    for (let request = 0; request < 1_000; request++) hashes.add(keyHash(`u${user}`, `m-${request}`));
  }
  expect(hashes.size).toBe(1_000_000);
});

test("small hashes of a hundred thousand ids hardly ever meet, and are small", () => {
  const hashes = new Set(Array.from({ length: 100_000 }, (_, at) => smallHash(`0192f-${at}-x`)));
  expect(hashes.size).toBeGreaterThan(99_980);
  expect(Math.max(...[...hashes].slice(0, 10_000))).toBeLessThan(2 ** 30);
});
