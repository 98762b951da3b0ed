import type { Seq } from "@parley/protocol";
import type { LogEvent } from "@parley/store";
import type { Answer, AppendRequest } from "./request.ts";

export interface ChannelLogLimits {
  /** Most requests waiting in one channel; beyond it the answer is `unavailable` with `retryAfterMs`. */
  readonly queueMax: number;
  /** Most events of one run. */
  readonly runMax: number;
  readonly membersMax: number;
}

/** Which lookups a judgement lacks. */
export interface Lookup {
  readonly targets: readonly Seq[];
  readonly requests: readonly { readonly sender: string; readonly id: string }[];
}

/**
 * What a channel's log asks of the world. Each call is answered by exactly one call of the log's `on…` with the
 * same token, or by `onFailed`; at most one is under way at any time.
 */
export interface ChannelLogEffects<Asker> {
  load(token: number): void;
  lookUp(token: number, lookup: Lookup): void;
  /** Writes the user index ahead of joins (rule 19). */
  markIn(token: number, joins: readonly { readonly users: readonly string[]; readonly seq: Seq }[]): void;
  append(token: number, events: readonly LogEvent[]): void;
  /** Majority read of all that follows `after`. */
  readOn(token: number, after: Seq): void;
  /** Back-off after the `attempt`-th failure in a row (1, 2, …). */
  wait(token: number, attempt: number): void;
  answer(asker: Asker, request: AppendRequest, answer: Answer): void;
  /** These events are durable, in order, and were not told before; whoever appended them. */
  settled(events: readonly LogEvent[]): void;
  /** These events, the last ones of the log, lay above a hole that has been filled up: nobody has told of them. */
  surfaced(events: readonly LogEvent[]): void;
}
