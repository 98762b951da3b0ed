import type { CoefficientName, Findings } from "../names.ts";

export interface StageOptions {
  /** Length of each window. */
  readonly seconds: number;
  readonly repeats: number;
  readonly say: (line: string) => void;
}

/** A part of the measurement that can be run by itself: one or more systems of its own, and coefficients that come of them. */
export interface Stage {
  readonly name: string;
  readonly title: string;
  /** Every coefficient that it finds, each time. */
  readonly gives: readonly CoefficientName[];
  /** **Errors**: rejects where anything of it fails; nothing is left running. */
  measure(options: StageOptions): Promise<Findings>;
}
