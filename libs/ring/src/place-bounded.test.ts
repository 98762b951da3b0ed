import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type NodeCondition, placeBounded, strainOf } from "./place-bounded.ts";
import { createRing, type RingNode } from "./ring.ts";

const nodeLists = fc
  .uniqueArray(fc.stringMatching(/^[a-z0-9]{1,8}$/), { minLength: 1, maxLength: 16 })
  .chain((list) =>
    fc.tuple(...list.map((node) => fc.constantFrom(0.5, 1, 2).map((weight): RingNode => ({ node, weight })))),
  );
const factors = fc.constantFrom(1, 1.1, 1.25, 2);
const equalNodes = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ node: `chat-${index}`, weight: 1 }));

function placeAll(
  nodes: readonly RingNode[],
  users: number,
  c: number,
  conditions: ReadonlyMap<string, NodeCondition> = new Map(),
): Map<string, number> {
  const ring = createRing(nodes);
  const loads = new Map<string, number>();
  for (let user = 0; user < users; user += 1) {
    const node = placeBounded(ring, `user:${user}`, loads, { c, conditions });
    if (node === undefined) throw new Error("nobody took the user");
    loads.set(node, (loads.get(node) ?? 0) + 1);
  }
  return loads;
}

describe("placement with bounded loads", () => {
  test("no node ever takes more than c × its share, rounded up, whatever the weights", () => {
    fc.assert(
      fc.property(nodeLists, factors, fc.integer({ min: 1, max: 400 }), (nodes, c, users) => {
        const loads = placeAll(nodes, users, c);
        const weightSum = nodes.reduce((sum, { weight }) => sum + weight, 0);
        for (const { node, weight } of nodes) {
          expect(loads.get(node) ?? 0).toBeLessThanOrEqual(Math.ceil((c * users * weight) / weightSum));
        }
      }),
      { numRuns: 60 },
    );
  });

  test("below the bound a user is placed at home, so that the map is the plain ring's", () => {
    const ring = createRing(equalNodes(5));
    const loads = new Map(ring.nodes.map(({ node }) => [node, 1_000]));
    for (let user = 0; user < 500; user += 1) {
      expect(placeBounded(ring, `user:${user}`, loads)).toBe(ring.home(`user:${user}`));
    }
  });

  test("a full home passes the user on to the next on the ring", () => {
    const ring = createRing(equalNodes(5));
    fc.assert(
      fc.property(fc.string(), (key) => {
        const [home = "", next = ""] = [...ring.walk(key)].map(({ node }) => node);
        const loads = new Map(ring.nodes.map(({ node }) => [node, node === home ? 200 : 100]));
        expect(placeBounded(ring, key, loads)).toBe(next);
      }),
    );
  });

  test("the choice depends on nothing but its arguments, and not on the order of the lists", () => {
    fc.assert(
      fc.property(
        nodeLists,
        fc.string(),
        fc.array(fc.nat(500), { minLength: 16, maxLength: 16 }),
        (nodes, key, counts) => {
          const entries = nodes.map(({ node }, index) => [node, counts[index] ?? 0] as const);
          const one = placeBounded(createRing(nodes), key, new Map(entries));
          const two = placeBounded(createRing([...nodes].reverse()), key, new Map([...entries].reverse()));
          expect(two).toBe(one);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a session sticks: a new device joins the live one, above the bound too, unless that node drains", () => {
    const ring = createRing(equalNodes(4));
    const loads = new Map([["chat-2", 10_000]]);
    expect(placeBounded(ring, "user:ada", loads, { current: "chat-2" })).toBe("chat-2");
    const conditions = new Map<string, NodeCondition>([["chat-2", { isDraining: true }]]);
    expect(placeBounded(ring, "user:ada", loads, { current: "chat-2", conditions })).not.toBe("chat-2");
    expect(placeBounded(ring, "user:ada", loads, { current: "gone" })).not.toBe("gone");
  });

  test("the preferred node is taken as long as it is below the bound", () => {
    const ring = createRing(equalNodes(4));
    const even = new Map(ring.nodes.map(({ node }) => [node, 100]));
    for (const { node } of ring.nodes) expect(placeBounded(ring, "user:ada", even, { prefer: node })).toBe(node);
    const full = new Map([...even, ["chat-3", 200]]);
    expect(placeBounded(ring, "user:ada", full, { prefer: "chat-3" })).not.toBe("chat-3");
  });

  test("a draining node takes nobody; when all drain nobody is chosen", () => {
    const ring = createRing(equalNodes(3));
    const conditions = new Map<string, NodeCondition>([["chat-0", { isDraining: true }]]);
    for (let user = 0; user < 200; user += 1) {
      expect(placeBounded(ring, `user:${user}`, new Map(), { conditions })).not.toBe("chat-0");
    }
    const all = new Map(ring.nodes.map(({ node }) => [node, { isDraining: true }]));
    expect(placeBounded(ring, "user:1", new Map(), { conditions: all })).toBeUndefined();
    expect(placeBounded(createRing([]), "user:1", new Map())).toBeUndefined();
  });

  test("a node that hardly keeps up counts as fuller, by delay and by CPU, and within limits", () => {
    expect(strainOf(undefined)).toBe(1);
    expect(strainOf({ eventLoopDelayMs: 50, cpu: 0.8 })).toBe(1);
    expect(strainOf({ eventLoopDelayMs: 150 })).toBe(2);
    expect(strainOf({ cpu: 1 })).toBeCloseTo(2, 9);
    expect(strainOf({ eventLoopDelayMs: 60_000, cpu: 8 })).toBe(4);
    const ring = createRing(equalNodes(4));
    const loads = new Map(ring.nodes.map(({ node }) => [node, 100]));
    const conditions = new Map([["chat-1", { eventLoopDelayMs: 250, cpu: 0.3 }]]);
    for (let user = 0; user < 200; user += 1) {
      expect(placeBounded(ring, `user:${user}`, loads, { conditions })).not.toBe("chat-1");
    }
  });

  test("a strained node is spared, but not so that another gets more than c × its share of the sessions themselves", () => {
    const delays = fc.array(fc.constantFrom(0, 100, 250, 2_000), { minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(nodeLists, factors, delays, fc.integer({ min: 1, max: 400 }), (nodes, c, late, users) => {
        const conditions = new Map(nodes.map(({ node }, index) => [node, { eventLoopDelayMs: late[index] ?? 0 }]));
        const loads = placeAll(nodes, users, c, conditions);
        const weightSum = nodes.reduce((sum, { weight }) => sum + weight, 0);
        for (const { node, weight } of nodes) {
          expect(loads.get(node) ?? 0).toBeLessThanOrEqual(Math.ceil((c * users * weight) / weightSum));
        }
      }),
      { numRuns: 60 },
    );
    const conditions = new Map([["chat-1", { eventLoopDelayMs: 350 }]]);
    const loads = placeAll(equalNodes(3), 900, 1.25, conditions);
    // What is left when the two others have 1.25 × 300 each.
    expect(loads.get("chat-1")).toBe(150);
  });

  test("when all are strained alike, somebody is still chosen", () => {
    fc.assert(
      fc.property(
        nodeLists,
        fc.array(fc.nat(50), { minLength: 16, maxLength: 16 }),
        fc.nat(2_000),
        (nodes, counts, delay) => {
          const loads = new Map(nodes.map(({ node }, index) => [node, counts[index] ?? 0]));
          const conditions = new Map(nodes.map(({ node }) => [node, { eventLoopDelayMs: delay, cpu: 2 }]));
          expect(placeBounded(createRing(nodes), "user:ada", loads, { c: 1, conditions })).toBeDefined();
        },
      ),
    );
  });

  test("when a node joins, sessions that stick stay, and new ones fill it up to its share", () => {
    const users = 2_000;
    const loads = placeAll(equalNodes(4), users, 1.25);
    const ring = createRing(equalNodes(5));
    for (let user = users; user < 2 * users; user += 1) {
      const node = placeBounded(ring, `user:${user}`, loads) ?? "";
      loads.set(node, (loads.get(node) ?? 0) + 1);
    }
    expect(Math.max(...loads.values())).toBeLessThanOrEqual(Math.ceil((1.25 * 2 * users) / 5));
  });

  test("c below 1 could not be kept and is refused", () => {
    expect(() => placeBounded(createRing(equalNodes(2)), "user:ada", new Map(), { c: 0.99 })).toThrow(RangeError);
  });
});
