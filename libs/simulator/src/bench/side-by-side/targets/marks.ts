import type { Cell } from "../result.ts";
import type { Mark } from "./target.ts";

/** A generator busier than this is what is measured. */
export const generatorBusyMax = 0.85;
/** Of the rate asked for; what is acked in a window is never exactly what was sent in it. */
const reachedLeast = 0.95;

export function marksOf(cells: readonly Cell[]): readonly Mark[] {
  const marks: Mark[] = [];
  if (cells.some(({ busy }) => busy > generatorBusyMax)) marks.push("generator");
  if (cells.some(isBehind)) marks.push("behind");
  return marks;
}

/** An open loop whose rate the system did not keep up with: latencies are those of a queue that grows. */
export function isBehind({ askedPerS, sendsPerS }: Pick<Cell, "askedPerS" | "sendsPerS">): boolean {
  return askedPerS !== undefined && sendsPerS < askedPerS * reachedLeast;
}

export const markSigns: Readonly<Record<Mark, string>> = { generator: "*", behind: "†" };

export const markMeanings: Readonly<Record<Mark, string>> = {
  generator: `in some repeat the generator was busier than ${generatorBusyMax * 100} % of a core: the figure is the generator's`,
  behind: "in some repeat less than 95 % of the rate asked for was reached",
};
