import type { LineOf } from "../history/history.ts";
import type { HistoryLine } from "../history/lines.ts";
import type { Invariant } from "./violation.ts";

/** Spoils a correct history; undefined where this one offers nothing to spoil in that way. */
export type Mutant = (lines: readonly HistoryLine[]) => readonly HistoryLine[] | undefined;

export function all<Name extends HistoryLine["line"]>(lines: readonly HistoryLine[], name: Name): LineOf<Name>[] {
  return lines.filter((line): line is LineOf<Name> => line.line === name);
}

export function replace(lines: readonly HistoryLine[], from: HistoryLine | undefined, ...to: HistoryLine[]) {
  return from === undefined ? undefined : lines.flatMap((line) => (line === from ? to : [line]));
}

export function messages(lines: readonly HistoryLine[]): LineOf<"final-log">[] {
  return all(lines, "final-log").filter(({ event }) => event.kind === "message");
}

export interface Spoiler {
  readonly name: string;
  readonly finds: Invariant;
  readonly mutate: Mutant;
}
