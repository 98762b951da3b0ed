import type { Requirement } from "./arena.ts";
import type { Timeline } from "./timeline.ts";

/** What one row came to with one seed. Times are ms from the beginning of the load. */
export interface RunResult {
  readonly row: number;
  readonly seed: number;
  readonly outcome: "clean" | "violated" | "impossible" | "broken";
  /** Why it is impossible on this machine, or what broke in the harness. */
  readonly why?: string;
  /** By invariant (C1 to C11), `row` for what the row itself requires, and `checkers` where the two did not agree. */
  readonly violations: Readonly<Record<string, number>>;
  /** The first few of each, one sentence each. */
  readonly shown: readonly string[];
  readonly requirements: readonly Requirement[];
  readonly figures: Readonly<Record<string, string>>;
  readonly faults: readonly {
    readonly what: string;
    readonly from: number;
    readonly to: number;
    readonly recoveryMs: number;
  }[];
  readonly marks: readonly { readonly at: number; readonly what: string; readonly kind: string }[];
  readonly timeline?: Timeline;
  readonly load?: LoadFigures;
  /** Whether the second checker (Python) judged the same history, and agreed. */
  readonly secondChecker: "agrees" | "disagrees" | "absent";
  /** Processes that ended during the run, as they were meant to. */
  readonly endings: readonly string[];
  /** Where the logs and the history of a run that was not clean are kept. */
  readonly folder?: string;
  readonly tookMs: number;
}

export interface LoadFigures {
  readonly people: number;
  readonly devices: number;
  readonly channels: number;
  readonly seconds: number;
  readonly sent: number;
  readonly acked: number;
  readonly refused: number;
  readonly unknown: number;
  readonly delivered: number;
  readonly gaps: number;
  readonly reconnects: number;
  /** Sockets that ended without the client's doing. */
  readonly socketsEnded: number;
  /** The longest that anybody waited for an answer, ms; see the definition of recovery for what counts. */
  readonly worstAckMs: number;
  readonly medianAckMs: number;
  readonly recoveryMs: number;
  /** From the end of the load until everyone had everything. */
  readonly settleMs: number;
  /** By how much the harness itself was late in one turn of its loop of a hundred: what is slower than that, it cannot tell apart. */
  readonly harnessDelayMs: number;
}

/** What a run tells its parent while it goes. */
export type RunMessage =
  | { readonly kind: "progress"; readonly phase: string; readonly acked: number; readonly delivered: number }
  | { readonly kind: "result"; readonly result: RunResult };

export function countOf({ violations }: RunResult): number {
  return Object.values(violations).reduce((sum, count) => sum + count, 0);
}
