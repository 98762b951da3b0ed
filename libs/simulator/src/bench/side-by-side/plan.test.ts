import { InvalidArgumentError } from "commander";
import { expect, test } from "vitest";
import { fullPlan, isFull, orderOf, parseCount, parseModes, parseRoomSizes, parseSystems } from "./plan.ts";

test("every second repeat runs backwards", () => {
  const systems = ["a", "b", "c"];
  expect([1, 2, 3, 4].map((repeat) => orderOf(systems, repeat).join(""))).toEqual(["abc", "cba", "abc", "cba"]);
});

test("a run is full with all there is, and with more", () => {
  expect(isFull(fullPlan)).toBe(true);
  expect(isFull({ ...fullPlan, repeats: 6, windowS: 10, idle: 20_000 })).toBe(true);
});

test.each([
  [{ systems: fullPlan.systems.slice(1) }],
  [{ roomSizes: [10] }],
  [{ modes: ["saturated"] }],
  [{ repeats: 4 }],
  [{ windowS: 4 }],
  [{ idle: 0 }],
] as const)("a run with only %o is not full", (less) => {
  expect(isFull({ ...fullPlan, ...less })).toBe(false);
});

test("lists are parsed into the order of the tables, each once, and what there is not is refused by name", () => {
  expect(parseSystems("parley-split, glue,glue")).toEqual(["glue", "parley-split"]);
  expect(parseRoomSizes("2,1000")).toEqual([2, 1_000]);
  expect(parseModes("same")).toEqual(["same"]);
  expect(() => parseSystems("glue,nats")).toThrow('"nats" is none of socket.io');
  expect(() => parseRoomSizes("3")).toThrow(InvalidArgumentError);
  expect(() => parseModes("")).toThrow(InvalidArgumentError);
});

test("counts are whole and not below their bound", () => {
  expect(parseCount(1)("1")).toBe(1);
  for (const text of ["0", "1.5", "x", "-1"]) expect(() => parseCount(1)(text)).toThrow(InvalidArgumentError);
});
