import { InvalidArgumentError } from "commander";

/** What a command line asks for. */
export interface Wanted {
  readonly only: readonly number[] | undefined;
  readonly seed: number | undefined;
  readonly seeds: number | undefined;
}

export interface Plan {
  readonly runs: readonly { readonly row: number; readonly seed: number }[];
  /** Every row, with as many seeds as the proof asks for: only that may replace the page in docs. */
  readonly isWhole: boolean;
}

/** Of the proof. */
export const seedsDefault = 5;

/**
 * Row by row, so that a row is done before the next begins. Seeds follow each other from the given one, or from one
 * that the clock draws: each proof is made of new ones.
 */
export function planRuns(rows: readonly number[], { only, seed, seeds }: Wanted, drawn: number): Plan {
  const chosen = only === undefined ? rows : rows.filter((row) => only.includes(row));
  const count = seeds ?? (seed === undefined ? seedsDefault : 1);
  const first = seed ?? drawn;
  const runs = chosen.flatMap((row) => Array.from({ length: count }, (_, index) => ({ row, seed: first + index })));
  return { runs, isWhole: only === undefined && count >= seedsDefault };
}

/** 1,9 → [1, 9]. **Errors**: InvalidArgumentError. */
export function parseRows(text: string): readonly number[] {
  const numbers = text.split(",").map(Number);
  if (numbers.every((number) => Number.isInteger(number) && number >= 1 && number <= 20)) return numbers;
  throw new InvalidArgumentError("It must be numbers of rows, from 1 to 20, with commas between them.");
}
