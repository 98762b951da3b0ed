import fc from "fast-check";
import { describe, expect, test } from "vitest";
import golden from "./golden.json" with { type: "json" };
import { hash53 } from "./hash.ts";
import { createRing, type RingNode } from "./ring.ts";
import { createRingCache } from "./ring-cache.ts";

const names = fc.uniqueArray(fc.stringMatching(/^[a-z0-9-]{1,12}$/), { minLength: 1, maxLength: 24 });
const weights = fc.constantFrom(0.5, 1, 1, 1, 2, 3);
const nodeLists = names.chain((list) =>
  fc.tuple(...list.map((node) => weights.map((weight): RingNode => ({ node, weight })))),
);
const keys = fc.array(fc.string({ maxLength: 40 }), { minLength: 50, maxLength: 200 });
const equalNodes = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ node: `chat-${index}`, weight: 1 }));

describe("hash", () => {
  test("is the upper 53 bits of XXH64 with seed 0, by the published vectors", () => {
    expect(hash53("")).toBe(Number(0xef46db3751d8e999n >> 11n));
    expect(hash53("abc")).toBe(Number(0x44bc2cf5ad770999n >> 11n));
  });
});

describe("ring", () => {
  test("is the same in every process and for good: the golden vectors", () => {
    const ring = createRing(golden.nodes);
    for (const [key, walk] of Object.entries(golden.walks)) {
      expect([...ring.walk(key)].map(({ node }) => node)).toEqual(walk);
      expect(ring.home(key)).toBe(walk[0]);
    }
  });

  test("an empty ring has no home and an empty walk; of one node it is that node", () => {
    expect(createRing([]).home("x")).toBeUndefined();
    expect([...createRing([]).walk("x")]).toEqual([]);
    const [only] = equalNodes(1);
    if (only === undefined) throw new Error("unreachable");
    expect(createRing([only]).home("x")).toBe("chat-0");
    expect(createRing([only]).share("chat-0")).toBeCloseTo(1, 12);
    expect(createRing([only]).share("stranger")).toBe(0);
  });

  test("a weight out of range and a node named twice are refused", () => {
    for (const weight of [0, -1, Number.NaN, 16.5, Number.POSITIVE_INFINITY]) {
      expect(() => createRing([{ node: "a", weight }])).toThrow(RangeError);
    }
    expect(() => createRing([...equalNodes(2), { node: "chat-1", weight: 1 }])).toThrow(/twice/);
    createRing([{ node: "a", weight: 16 }]);
  });

  test("the order of the list does not matter", () => {
    fc.assert(
      fc.property(nodeLists, keys, fc.infiniteStream(fc.nat()), (nodes, list, random) => {
        const shuffled = [...nodes]
          .map((node) => ({ node, at: random.next().value }))
          .sort((a, b) => a.at - b.at)
          .map(({ node }) => node);
        const [one, two] = [createRing(nodes), createRing(shuffled)];
        for (const key of list) expect([...two.walk(key)]).toEqual([...one.walk(key)]);
      }),
      { numRuns: 30 },
    );
  });

  test("a walk names every node once and begins with the home", () => {
    fc.assert(
      fc.property(nodeLists, fc.string(), (nodes, key) => {
        const ring = createRing(nodes);
        const walk = [...ring.walk(key)].map(({ node }) => node);
        expect(walk[0]).toBe(ring.home(key));
        expect([...walk].sort()).toEqual(nodes.map(({ node }) => node).sort());
      }),
      { numRuns: 50 },
    );
  });

  test("when a node joins, keys move to it and nowhere else; when it leaves, only its keys move, to who follows", () => {
    fc.assert(
      fc.property(nodeLists, weights, keys, (nodes, weight, list) => {
        const before = createRing(nodes);
        const after = createRing([...nodes, { node: "the-new-one", weight }]);
        for (const key of list) {
          const [home, next] = [...after.walk(key)].map(({ node }) => node);
          if (home === "the-new-one") expect(before.home(key)).toBe(next);
          else expect(before.home(key)).toBe(home);
        }
      }),
      { numRuns: 50 },
    );
  });

  test("shares sum to 1, and no node of equal weight has more than 1.25 × the mean, with 2 to 64 nodes", () => {
    for (const count of [2, 3, 5, 8, 13, 21, 34, 64]) {
      const ring = createRing(equalNodes(count));
      const shares = ring.nodes.map(({ node }) => ring.share(node));
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
      expect(Math.max(...shares) * count).toBeLessThan(1.25);
    }
  });

  test("the share follows the weight: twice the weight, about twice the keys", () => {
    const ring = createRing([...equalNodes(9), { node: "big", weight: 2 }]);
    expect(ring.share("big") * 11).toBeGreaterThan(2 * 0.75);
    expect(ring.share("big") * 11).toBeLessThan(2 * 1.25);
  });

  test("keys spread as the shares say", () => {
    const ring = createRing(equalNodes(8));
    const counts = new Map<string, number>();
    const total = 40_000;
    for (let index = 0; index < total; index += 1) {
      const home = ring.home(`channel:${index}`) ?? "";
      counts.set(home, (counts.get(home) ?? 0) + 1);
    }
    for (const { node } of ring.nodes) expect((counts.get(node) ?? 0) / total).toBeCloseTo(ring.share(node), 2);
  });
});

test("the cache builds a ring once a version", () => {
  const cache = createRingCache();
  let lists = 0;
  const read = (version: number, count: number) =>
    cache.read(version, () => {
      lists += 1;
      return equalNodes(count);
    });
  const first = read(1, 2);
  expect(read(1, 2)).toBe(first);
  expect(read(2, 3)).not.toBe(first);
  expect(lists).toBe(2);
});
