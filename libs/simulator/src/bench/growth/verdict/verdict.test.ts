import { describe, expect, test } from "vitest";
import { axes } from "../axes.ts";
import type { Point } from "../measure/point.ts";
import { figures } from "./figures.ts";
import { reasons } from "./reasons.ts";
import { changeOf, judgeAxis, median, medianPoints } from "./verdict.ts";

const point = (size: number, values: Point["figures"], more: Partial<Point> = {}): Point => ({
  size,
  figures: values,
  roles: {},
  commands: {},
  warnings: [],
  ...more,
});

describe("a course is judged by what a tenfold size changes", () => {
  const course = (sizes: readonly number[], values: readonly number[], least = 0): string | undefined =>
    changeOf(sizes, values, least)?.course;

  test("flat up to 0.8 and 1.25 for each tenfold, not beyond", () => {
    expect(course([10, 100], [100, 125])).toBe("flat");
    expect(course([10, 100], [100, 126])).toBe("grows");
    expect(course([10, 100], [100, 80])).toBe("flat");
    expect(course([10, 100], [100, 79])).toBe("falls");
  });

  test("over two decades twice as much is allowed, over less than one less", () => {
    expect(course([10, 100, 1_000], [100, 1, 156])).toBe("flat");
    expect(course([10, 100, 1_000], [100, 1, 157])).toBe("grows");
    expect(course([1, 2, 4, 8], [100, 0, 0, 122])).toBe("flat");
    expect(course([1, 2, 4, 8], [100, 0, 0, 123])).toBe("grows");
  });

  test("a difference of no more than can be told is none, and what is below that counts as that", () => {
    expect(course([10, 100], [1, 2], 1)).toBe("flat");
    expect(course([10, 100], [1, 2.1], 1)).toBe("grows");
    expect(changeOf([10, 100], [0.1, 10], 1)?.ratio).toBe(10);
    expect(changeOf([10, 100], [-3, 10], 1)?.ratio).toBe(10);
  });

  test("one size alone, or an end that was not measured, has no course", () => {
    expect(changeOf([10], [1], 0)).toBeUndefined();
    expect(changeOf([10, 100], [1, Number.NaN], 0)).toBeUndefined();
    expect(changeOf([], [], 0)).toBeUndefined();
  });

  test("the factor for a tenfold size is that of the whole axis spread over its decades", () => {
    expect(changeOf([10, 1_000], [1, 9], 0)).toMatchObject({ ratio: 9, perDecade: 3 });
  });
});

describe("an axis", () => {
  test("is judged by each figure that it has, and by no other", () => {
    const points = [point(10, { cpuAMessage: 1, ackP50: 3 }), point(100, { cpuAMessage: 2, ackP50: 3.5 })];
    const verdicts = judgeAxis({ name: "channels" }, points);
    expect(verdicts.map(({ figure, course }) => [figure.name, course])).toEqual([
      ["cpuAMessage", "grows"],
      ["ackP50", "flat"],
    ]);
  });

  test("what is flat needs no reason and has none", () => {
    for (const { axis, figures: names } of reasons) {
      const flat = Object.fromEntries(names.map((name) => [name, 5]));
      const verdicts = judgeAxis({ name: axis }, [point(1, flat), point(100, flat)]);
      expect(verdicts.map(({ reason }) => reason)).toEqual(names.map(() => undefined));
    }
  });

  test("each reason is given where its figure goes as it says, and nowhere else", () => {
    for (const { axis, figures: names, course, why } of reasons) {
      for (const name of names) {
        const [low, high] = [point(1, { [name]: 1_000 }), point(100, { [name]: 100_000 })];
        const ends = course === "grows" ? [low, high] : [high, low];
        const sized = ends.map((one, index) => ({ ...one, size: [1, 100][index] ?? 0 }));
        expect(judgeAxis({ name: axis }, sized).map(({ reason }) => reason)).toEqual([why]);
        expect(
          judgeAxis(
            { name: axis },
            sized.toReversed().map((one, index) => ({ ...one, size: index + 1 })),
          ).map(({ reason }) => reason),
        ).not.toContain(why);
      }
    }
  });
});

describe("over repeats", () => {
  test("the median is the middle one, or the mean of the two", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  test("each figure has its own median, warnings add up, and a size that a repeat lacks is left out", () => {
    const role = { cpuAMessage: 1, idleCpu: 2, residentMiB: 3, ownMiB: 4 };
    const repeats = [
      [point(10, { cpuAMessage: 1, ackP50: 9 }, { roles: { gateway: role }, warnings: ["a"] }), point(100, {})],
      [point(10, { cpuAMessage: 3, ackP50: 1 }, { roles: { gateway: { ...role, idleCpu: 4 } }, warnings: ["b"] })],
    ];
    expect(medianPoints(repeats)).toEqual([
      point(10, { cpuAMessage: 2, ackP50: 5 }, { roles: { gateway: { ...role, idleCpu: 3 } }, warnings: ["a", "b"] }),
    ]);
  });
});

describe("the tables", () => {
  test("each figure and each axis is named once, and sizes grow", () => {
    expect(new Set(figures.map(({ name }) => name)).size).toBe(figures.length);
    expect(new Set(axes.map(({ name }) => name)).size).toBe(axes.length);
    for (const { sizes } of axes) expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
  });

  test("only what an axis names differs from size to size", () => {
    for (const axis of axes) {
      const [first, last] = [axis.sizes.at(0) ?? 0, axis.sizes.at(-1) ?? 0].map((size) => axis.setup(size));
      const differing = Object.keys(first ?? {}).filter(
        (key) => Reflect.get(first ?? {}, key) !== Reflect.get(last ?? {}, key),
      );
      expect(differing).toHaveLength(1);
    }
  });

  test("rooms have the members that they are to have", () => {
    for (const axis of axes) {
      for (const { users, rooms, members } of axis.sizes.map((size) => axis.setup(size))) {
        expect(rooms * members).toBeLessThanOrEqual(users);
      }
    }
  });
});
