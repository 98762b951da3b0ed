import type { HistoryLine } from "../history/lines.ts";

/**
 * What the checkers look for: C1 to C11 of the list of invariants, and two rules of the log that none of those holds: an
 * event was its sender's right when it was numbered (R5), and presence is by connection (R21).
 */
export const invariants = ["C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9", "C10", "C11", "R5", "R21"] as const;

export type Invariant = (typeof invariants)[number];

export interface Violation {
  readonly invariant: Invariant;
  /** One sentence that says what is wrong. */
  readonly message: string;
  /** The lines of the history that show it. */
  readonly evidence: readonly HistoryLine[];
}

/** Collects violations; of each invariant it keeps the first few and counts the rest. */
export interface Findings {
  add(invariant: Invariant, message: string, evidence: readonly HistoryLine[]): void;
  readonly kept: readonly Violation[];
  count(invariant: Invariant): number;
}

/** One lost event can break a rule for each of a thousand sockets; so many of one kind tell the story. */
const keptMax = 10;

export function createFindings(): Findings {
  const kept: Violation[] = [];
  const counts = new Map<Invariant, number>();
  return {
    kept,
    add(invariant, message, evidence) {
      const count = (counts.get(invariant) ?? 0) + 1;
      counts.set(invariant, count);
      if (count <= keptMax) kept.push({ invariant, message, evidence });
    },
    count: (invariant) => counts.get(invariant) ?? 0,
  };
}
