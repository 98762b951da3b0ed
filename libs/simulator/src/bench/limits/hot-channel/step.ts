import { type Demand, formatMs, type Spread } from "../../clients/figures.ts";
import type { PhaseFigures } from "../../side-by-side/generator/messages.ts";
import type { Faults } from "../../side-by-side/generator/tally.ts";
import type { GeneratorLoad, MachineLoad, ProcessLoad } from "../process-load.ts";
import type { TriedRate } from "./rate-search.ts";

/** One rate as it was tried: figures of its window; faults of all of it. */
export interface RateStep extends TriedRate, Faults {
  readonly sentPerS: number;
  readonly ackedPerS: number;
  readonly deliveriesPerS: number;
  readonly ackMs: Spread;
  readonly endToEndMs: Spread;
  readonly refused: number;
  /** Without an answer when the time for it was over. */
  readonly unsettled: number;
  readonly socketsClosed: number;
  readonly loads: readonly ProcessLoad[];
  readonly generator: GeneratorLoad;
  readonly machine: MachineLoad;
  /** Why it does not hold; undefined where it does. */
  readonly why?: string;
}

/** Of what was asked for: the generator fell behind. */
const sentShareMin = 0.95;
/** Of what was sent: a queue grows. */
const ackedShareMin = 0.98;

/** Why a rate does not hold; undefined where it does. */
export function whyNot(perS: number, figures: PhaseFigures, ackBoundMs: number): string | undefined {
  const { seconds, sent, acked, refused, announced, unsettled, ackMs } = figures;
  if (refused > 0) return `${refused} were refused`;
  if (ackMs.p99 > ackBoundMs) return `p99 of acks ${formatMs(ackMs.p99)}`;
  if (isBehind(perS, figures)) return `the generator sent ${Math.round(sent / seconds)}/s only`;
  if (acked < sent * ackedShareMin) return `${acked} of ${sent} acked in time`;
  if (unsettled > 0) return `${unsettled} were never answered`;
  if (announced > 0) return `${announced} deliveries became gaps: readers were too slow`;
  return undefined;
}

function isBehind(perS: number, { sent, seconds }: PhaseFigures): boolean {
  return sent < perS * seconds * sentShareMin;
}

export function stepOf(
  perS: number,
  figures: PhaseFigures,
  loads: readonly ProcessLoad[],
  machine: MachineLoad,
  ackBoundMs: number,
): RateStep {
  const { seconds, sent, acked, deliveries, ackMs, endToEndMs, refused, unsettled, socketsClosed, busy } = figures;
  const { due, announced, lost, doubled, pairs, reordered } = figures;
  const why = whyNot(perS, figures, ackBoundMs);
  return {
    perS,
    holds: why === undefined,
    sentPerS: sent / seconds,
    ackedPerS: acked / seconds,
    deliveriesPerS: deliveries / seconds,
    ackMs,
    endToEndMs,
    refused,
    unsettled,
    socketsClosed,
    loads,
    machine,
    generator: { cores: busy, isBehind: isBehind(perS, figures) },
    ...{ due, announced, lost, doubled, pairs, reordered },
    ...(why === undefined ? {} : { why }),
  };
}

/** At every rate, those that did not hold among them. */
export function demandsOf(steps: readonly RateStep[]): readonly Demand[] {
  const sum = (of: (step: RateStep) => number): number => steps.reduce((total, step) => total + of(step), 0);
  const due = sum((step) => step.due);
  // A member that was told of a gap reads it from the history.
  const lost = sum((step) => Math.max(0, step.lost - step.announced));
  const doubled = sum((step) => step.doubled);
  const reordered = sum((step) => step.reordered);
  const pairs = sum((step) => step.pairs);
  const closed = Math.max(0, ...steps.map(({ socketsClosed }) => socketsClosed));
  return [
    {
      what: "at every rate each acked message comes to every member once, or is told of as a gap",
      found: `${due} due: ${lost} lost, ${doubled} doubled`,
      holds: due > 0 && lost === 0 && doubled === 0,
    },
    {
      what: "all members see one order",
      found: `${reordered} of ${pairs} pairs of neighbours differ`,
      holds: pairs > 0 && reordered === 0,
    },
    { what: "no socket is closed", found: `${closed} were`, holds: closed === 0 },
    {
      what: "some rate holds",
      found: `${steps.filter(({ holds }) => holds).length} of ${steps.length} did`,
      holds: steps.some(({ holds }) => holds),
    },
  ];
}
