import fc from "fast-check";
import { expect, test } from "vitest";
import { fitCosts } from "./fit.ts";

const names = ["message", "frame", "delivery"] as const;
const shapes = [
  { message: 1, frame: 1, delivery: 4 },
  { message: 1, frame: 4, delivery: 4 },
  { message: 1, frame: 2, delivery: 2 },
  { message: 1, frame: 4, delivery: 100 },
];
const rowsOf = (costs: Readonly<Record<(typeof names)[number], number>>) => {
  return shapes.map((of) => ({ of, cost: names.reduce((sum, name) => sum + of[name] * costs[name], 0) }));
};

test("costs that the loads were made of are found again, whatever they are", () => {
  const cost = fc.double({ min: 0.001, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.record({ message: cost, frame: cost, delivery: cost }), (costs) => {
      const fit = fitCosts(names, rowsOf(costs));
      for (const name of names) expect(fit.costs[name]).toBeCloseTo(costs[name], 6);
      for (const off of fit.off) expect(off).toBeCloseTo(0, 6);
    }),
  );
});

test("what would cost less than nothing costs nothing, and the rest is fitted without it", () => {
  const rows = [
    { of: { a: 1, b: 1 }, cost: 1 },
    { of: { a: 1, b: 2 }, cost: 0.9 },
  ];
  const { costs, off } = fitCosts(["a", "b"], rows);
  expect(costs.b).toBe(0);
  expect(costs.a).toBeGreaterThan(0.9);
  expect(costs.a).toBeLessThan(1);
  expect(off[0]).toBeLessThan(0);
  expect(off[1]).toBeGreaterThan(0);
});

test("a load that is a hundred times dearer does not decide alone", () => {
  const rows = [
    { of: { a: 1 }, cost: 1 },
    { of: { a: 100 }, cost: 200 },
  ];
  // By absolute errors it would be 2.
  expect(fitCosts(["a"], rows).costs.a).toBeCloseTo(1.2, 6);
});

test("loads that can't tell two things apart are refused", () => {
  const rows = [
    { of: { a: 1, b: 1 }, cost: 1 },
    { of: { a: 2, b: 2 }, cost: 2 },
  ];
  expect(() => fitCosts(["a", "b"], rows)).toThrow("can't tell a, b apart");
});

test("a load that cost nothing is refused: it was not measured", () => {
  expect(() => fitCosts(["a"], [{ of: { a: 1 }, cost: 0 }])).toThrow("cost 0");
});
