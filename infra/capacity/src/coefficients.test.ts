import { coefficientUnits } from "@parley/simulator/coefficients";
import { describe, expect, test } from "vitest";
import { CoefficientsError, loadCoefficients, parseCoefficients, valuesOf } from "./coefficients.ts";
import { createCoefficients } from "./testing.ts";

/** The text of a good file with one thing changed in it. */
function changed(name: keyof typeof coefficientUnits, change: object | undefined): string {
  return JSON.stringify({ ...createCoefficients(), [name]: change });
}

describe("the file that is kept", () => {
  test("has every coefficient, in the unit that the model reckons in", () => {
    const kept = loadCoefficients();
    expect(Object.keys(kept).toSorted()).toEqual(Object.keys(coefficientUnits).toSorted());
    for (const value of Object.values(valuesOf(kept))) expect(Number.isFinite(value)).toBe(true);
  });

  test("says of each when, where, how and by which command it was measured, and how far its repeats lay apart", () => {
    for (const { value, date, machine, command, how, spread } of Object.values(loadCoefficients())) {
      expect(Number.isNaN(Date.parse(date))).toBe(false);
      expect(machine).not.toBe("");
      expect(how).not.toBe("");
      expect(command).toMatch(/^npm run bench -- coefficients/);
      expect(spread.low).toBeLessThanOrEqual(value);
      expect(spread.high).toBeGreaterThanOrEqual(value);
    }
  });
});

describe("a file that can't be used is refused, by the name of the field", () => {
  const { ringNodeMs } = createCoefficients();
  test.each([
    ["a value below 0", changed("ringNodeMs", { ...ringNodeMs, value: -1 }), "ringNodeMs.value must be >= 0"],
    ["a value that is none", changed("ringNodeMs", { ...ringNodeMs, value: "5" }), "ringNodeMs.value must be number"],
    ["a day that is none", changed("ringNodeMs", { ...ringNodeMs, date: "yesterday" }), "ringNodeMs.date must match"],
    ["no commit", changed("ringNodeMs", { ...ringNodeMs, commit: undefined }), "must have required properties commit"],
    ["no version of Node", changed("ringNodeMs", { ...ringNodeMs, node: "" }), "ringNodeMs.node must match"],
    ["no word on how", changed("ringNodeMs", { ...ringNodeMs, how: "" }), "ringNodeMs.how must not have fewer"],
    ["no spread", changed("ringNodeMs", { ...ringNodeMs, spread: undefined }), "must have required properties spread"],
    ["no command", changed("ringNodeMs", { ...ringNodeMs, command: "" }), "ringNodeMs.command must not have fewer"],
    ["a missing one", changed("ringNodeMs", undefined), "must have required properties ringNodeMs"],
    ["another unit", changed("ringNodeMs", { ...ringNodeMs, unit: "s" }), 'ringNodeMs was measured in "s"'],
    [
      "one too many",
      JSON.stringify({ ...createCoefficients(), guess: ringNodeMs }),
      "must not have additional properties",
    ],
    ["no JSON", "{", "the coefficients are no JSON"],
  ])("%s", (_, text, message) => {
    const run = () => parseCoefficients(text);
    expect(run).toThrow(CoefficientsError);
    expect(run).toThrow(message);
    expect(run).toThrow("npm run bench -- coefficients --write");
  });

  test("no file", () => {
    expect(() => loadCoefficients("/nowhere/coefficients.json")).toThrow("/nowhere/coefficients.json can't be read");
  });
});
