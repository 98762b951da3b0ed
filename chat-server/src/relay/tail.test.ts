import fc from "fast-check";
import { expect, test } from "vitest";
import { Tail } from "./tail.ts";

test("holds the newest events as they were, whatever their sizes", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 700 }), (sizes) => {
      const tail = new Tail();
      const all: Uint8Array[] = [];
      let least = Number.POSITIVE_INFINITY;
      for (const [at, size] of sizes.entries()) {
        const payload = Buffer.alloc(size, at % 251);
        tail.push(payload, at + 1);
        all.push(payload);
        if (at >= 128) least = Math.min(least, tail.length);
      }
      expect(tail.length).toBeLessThanOrEqual(256);
      const kept = all.slice(all.length - tail.length);
      expect(kept.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(64 * 1024);
      expect(tail.payloadsFrom(0).map((payload) => Buffer.from(payload).toString("hex"))).toEqual(
        kept.map((payload) => Buffer.from(payload).toString("hex")),
      );
      expect(kept.map((_, place) => tail.ordinalAt(place))).toEqual(
        kept.map((_, place) => all.length - tail.length + place + 1),
      );
    }),
    { numRuns: 60 },
  );
});

test("of usual messages at least the last 128 are there", () => {
  const tail = new Tail();
  for (let at = 0; at < 10_000; at++) {
    tail.push(Buffer.alloc(240, 1), at);
    if (at >= 127) expect(tail.length).toBeGreaterThanOrEqual(128);
  }
});

test("a payload is copied: it does not keep the batch that it came in, nor change with it", () => {
  const tail = new Tail();
  const batch = Buffer.from("the first event and others");
  tail.push(batch.subarray(0, 15), 1);
  batch.fill(0);
  expect(tail.payloadsFrom(0).map(String)).toEqual(["the first event"]);
});

test("what was handed out stays what it was", () => {
  const tail = new Tail();
  tail.push(Buffer.from("first"), 1);
  const [first] = tail.payloadsFrom(0);
  for (let at = 0; at < 2_000; at++) tail.push(Buffer.alloc(500, 7), at);
  expect(Buffer.from(first ?? []).toString()).toBe("first");
});

test("an event that is too large leaves an empty tail", () => {
  const tail = new Tail();
  tail.push(Buffer.from("first"), 1);
  tail.push(Buffer.alloc(40_000), 2);
  expect(tail.length).toBe(0);
  tail.push(Buffer.from("next"), 3);
  expect([tail.length, tail.ordinalAt(0), tail.payloadsFrom(1)]).toEqual([1, 3, []]);
});
