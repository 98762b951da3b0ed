import type { Demand, Spread } from "../../clients/figures.ts";
import type { Faults } from "../../side-by-side/generator/tally.ts";

/** One phase of one system. */
export interface CutPhase extends Faults {
  readonly system: string;
  readonly title: string;
  readonly isOurs: boolean;
  /** False: the same without a cut, to compare with. */
  readonly isCut: boolean;
  /** From 1. */
  readonly repeat: number;
  /** Redis connections that were ended. */
  readonly connectionsCut: number;
  readonly sent: number;
  readonly acked: number;
  /** Answers that said "not now"; a client sends again. */
  readonly refused: number;
  /** Messages without any answer at the end. */
  readonly unsettled: number;
  readonly ackMs: Spread;
  readonly endToEndMs: Spread;
  readonly socketsClosed: number;
}

/** What must hold of ours; what the others lose is shown. */
export function demandsOf(phases: readonly CutPhase[]): readonly Demand[] {
  const ours = phases.filter(({ isOurs }) => isOurs);
  const cut = phases.filter(({ isCut }) => isCut);
  const sum = (list: readonly CutPhase[], of: (phase: CutPhase) => number): number =>
    list.reduce((total, phase) => total + of(phase), 0);
  const due = sum(ours, ({ due }) => due);
  const lost = sum(ours, ({ lost }) => lost);
  const doubled = sum(ours, ({ doubled }) => doubled);
  const reordered = sum(ours, ({ reordered }) => reordered);
  const pairs = sum(ours, ({ pairs }) => pairs);
  const unsettled = sum(ours, ({ unsettled }) => unsettled);
  const uncut = cut.filter(({ connectionsCut }) => connectionsCut === 0).map(({ title }) => title);
  return [
    {
      what: "every system had its Redis connections cut, else this shows nothing",
      found: uncut.length === 0 ? `${cut.length} times` : `not so: ${uncut.join(", ")}`,
      holds: cut.length > 0 && uncut.length === 0,
    },
    {
      what: "Parley delivers what it acked to every member, once",
      found: `${due} due: ${lost} lost, ${doubled} doubled`,
      holds: due > 0 && lost === 0 && doubled === 0,
    },
    {
      what: "Parley's members see one order",
      found: `${reordered} of ${pairs} pairs of neighbours differ`,
      holds: pairs > 0 && reordered === 0,
    },
    { what: "Parley answers every message", found: `${unsettled} were not answered`, holds: unsettled === 0 },
  ];
}
