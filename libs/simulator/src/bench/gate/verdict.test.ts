import { expect, test } from "vitest";
import type { WorkFigures } from "./measure.ts";
import { compare, nearest } from "./verdict.ts";

const committed: WorkFigures = { cpu: 10, allocatedBytes: 1_000, counts: { writes: 2 } };

function coursesOf(found: Partial<WorkFigures>): readonly string[] {
  return compare({ work: committed }, { work: { ...committed, ...found } }).map(({ course }) => course);
}

test.each([
  [11.5, "holds"],
  [11.51, "worse"],
  [8.5, "holds"],
  [8.49, "better"],
])("CPU of %d where 10 was committed: %s", (cpu, course) => {
  expect(coursesOf({ cpu })).toEqual([course, "holds", "holds"]);
});

test.each([
  [1_050, "holds"],
  [1_051, "worse"],
  [949, "better"],
])("%d bytes where 1,000 were committed: %s", (allocatedBytes, course) => {
  expect(coursesOf({ allocatedBytes })).toEqual(["holds", course, "holds"]);
});

test("a count is out at both sides, also one that ended and one that nobody committed", () => {
  expect(coursesOf({ counts: { writes: 2.1 } })[2]).toBe("holds");
  expect(coursesOf({ counts: { writes: 2.2 } })[2]).toBe("worse");
  expect(coursesOf({ counts: {} })[2]).toBe("better");
  expect(coursesOf({ counts: { writes: 2, reads: 0.1 } })[3]).toBe("holds");
  expect(coursesOf({ counts: { writes: 2, reads: 0.11 } })[3]).toBe("worse");
});

test("a scenario that nobody committed does not hold", () => {
  expect(compare({}, { work: committed }).every(({ course }) => course === "worse")).toBe(true);
});

test("of two measurements the nearer line counts", () => {
  const measured = (cpu: number) => compare({ work: committed }, { work: { ...committed, cpu } });
  expect(nearest(measured(14), measured(10.5))[0]).toMatchObject({ found: 10.5, course: "holds" });
  expect(nearest(measured(14), measured(13))[0]).toMatchObject({ found: 13, course: "worse" });
});

test("a count that nobody committed and that the second measurement has not is none", () => {
  const measured = (counts: Record<string, number>) => compare({ work: committed }, { work: { ...committed, counts } });
  expect(nearest(measured({ writes: 2, reads: 0.2 }), measured({ writes: 2 }))).toHaveLength(3);
});
