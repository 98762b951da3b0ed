import { expect, test } from "vitest";
import { parseRows, planRuns } from "./plan.ts";

const all = [1, 2, 9];
const nothing = { only: undefined, seed: undefined, seeds: undefined };

test("the whole matrix has five seeds a row and may write the proof", () => {
  const { runs, isWhole } = planRuns(all, nothing, 70);
  expect(runs).toHaveLength(15);
  expect(runs.slice(0, 6).map(({ row, seed }) => `${row}/${seed}`)).toEqual([
    "1/70",
    "1/71",
    "1/72",
    "1/73",
    "1/74",
    "2/70",
  ]);
  expect(isWhole).toBe(true);
});

test("a quick look at some rows, or with few seeds, may not", () => {
  expect(planRuns(all, { ...nothing, only: [1, 2, 9] }, 1).isWhole).toBe(false);
  expect(planRuns(all, { ...nothing, seeds: 4 }, 1).isWhole).toBe(false);
  expect(planRuns(all, { ...nothing, seed: 1 }, 1).isWhole).toBe(false);
});

test("a row and a seed name one run", () => {
  expect(planRuns(all, { only: [9], seed: 1234, seeds: undefined }, 1).runs).toEqual([{ row: 9, seed: 1234 }]);
});

test("rows are numbers from 1 to 20", () => {
  expect(parseRows("1,9")).toEqual([1, 9]);
  for (const text of ["0", "21", "x", "1;2", ""]) expect(() => parseRows(text)).toThrow("numbers of rows");
});
