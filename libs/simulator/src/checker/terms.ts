import type { History } from "../history/history.ts";
import type { TermsLine } from "../history/lines.ts";

export type Terms = Required<Omit<TermsLine, "line" | "at">>;

/** What `lines.ts` says where a history says nothing. */
const defaults: Terms = {
  tokenGraceMs: 35_000,
  revokedWithinMs: 5_000,
  settleWithinMs: 10_000,
  presenceWithinMs: 10_000,
  membersMax: 100_000,
  socketsMoreMax: 2,
  timersMoreMax: 5,
  memoryMoreMaxBytes: 64 * 1024 * 1024,
};

export function termsOf(history: History): Terms {
  return { ...defaults, ...history.sides.find((line) => line.line === "terms") };
}
