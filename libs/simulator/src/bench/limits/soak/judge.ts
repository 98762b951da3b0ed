import type { Demand, Spread } from "../../clients/figures.ts";
import type { Faults } from "../../side-by-side/generator/tally.ts";
import type { Sample } from "./sample.ts";
import { type Point, trendOf } from "./trend.ts";

/** One phase of the soak; faults of all of it. */
export interface PhaseLine extends Faults {
  readonly atS: number;
  readonly sentPerS: number;
  readonly ackedPerS: number;
  readonly deliveriesPerS: number;
  /** CPU of all processes of the system, of one core. */
  readonly serverCores: number;
  readonly generatorCores: number;
  readonly refused: number;
  readonly unsettled: number;
  readonly socketsClosed: number;
  readonly ackMs: Spread;
  readonly endToEndMs: Spread;
}

interface Seen {
  readonly name: string;
  readonly samples: readonly (Sample & { readonly atS: number })[];
}

/** How one process' memory of its own goes in the second half. Shares are of its mean. */
export interface Growth {
  readonly name: string;
  readonly meanBytes: number;
  readonly perHour: number;
  /** Half the 95 % confidence interval: what could hide in the noise. Null: too few samples to tell. */
  readonly plusMinus: number | null;
  /** Of the used heap, by itself. */
  readonly heapPerHour: number;
  readonly heapPlusMinus: number | null;
  readonly openFilesFirst: number;
  readonly openFilesSecond: number;
}

/** A process that grows by more of itself in an hour is not flat. */
export const growthMax = 0.02;
/** Half an interval that is wider tells nothing: the soak is too short, or the machine too restless. */
export const noiseMax = 0.5;
/** Somebody's look at the metrics, a file that is being rolled. */
const filesMoreMax = 3;

export function growthOf({ name, samples }: Seen): Growth {
  const [first, second] = halvesOf(samples);
  const own = hourly(second.map(({ atS, ownBytes }) => ({ atS, value: ownBytes })));
  const heap = hourly(
    second.flatMap(({ atS, heapUsedBytes }) => (heapUsedBytes === undefined ? [] : [{ atS, value: heapUsedBytes }])),
  );
  return {
    name,
    meanBytes: own.mean,
    perHour: own.perHour,
    plusMinus: own.plusMinus,
    heapPerHour: heap.perHour,
    heapPlusMinus: heap.plusMinus,
    openFilesFirst: mostFiles(first),
    openFilesSecond: mostFiles(second),
  };
}

/** By half of the time, not of the number. */
function halvesOf<T extends { readonly atS: number }>(samples: readonly T[]): readonly [readonly T[], readonly T[]] {
  const middle = (samples.at(-1)?.atS ?? 0) / 2;
  return [samples.filter(({ atS }) => atS < middle), samples.filter(({ atS }) => atS >= middle)];
}

function hourly(points: readonly Point[]) {
  const { mean, perS, plusMinusPerS } = trendOf(points);
  const plusMinus = (plusMinusPerS * 3_600) / mean;
  return { mean, perHour: (perS * 3_600) / mean, plusMinus: Number.isFinite(plusMinus) ? plusMinus : null };
}

function mostFiles(samples: readonly Sample[]): number {
  return Math.max(0, ...samples.map(({ openFiles }) => openFiles));
}

/** `processes`: all that were watched; `growth`: of our own. */
export function demandsOf(
  phases: readonly PhaseLine[],
  processes: readonly Seen[],
  growth: readonly Growth[],
): readonly Demand[] {
  const sum = (of: (phase: PhaseLine) => number): number => phases.reduce((total, phase) => total + of(phase), 0);
  const due = sum((phase) => phase.due);
  const [lost, doubled, pairs, reordered] = [
    sum((phase) => phase.lost),
    sum((phase) => phase.doubled),
    sum((phase) => phase.pairs),
    sum((phase) => phase.reordered),
  ];
  const [refused, unsettled] = [sum((phase) => phase.refused), sum((phase) => phase.unsettled)];
  const closed = Math.max(0, ...phases.map(({ socketsClosed }) => socketsClosed));
  const growing = growth.filter(({ perHour, plusMinus }) => plusMinus === null || perHour - plusMinus >= growthMax);
  const noisy = growth.filter(({ plusMinus }) => plusMinus === null || plusMinus > noiseMax);
  const leaking = growth.filter((one) => one.openFilesSecond > one.openFilesFirst + filesMoreMax);
  const looks = Math.min(...processes.map(({ samples }) => samples.length));
  return [
    {
      what: "every acked message comes to every member once, in every phase",
      found: `${due} due in ${phases.length} phases: ${lost} lost, ${doubled} doubled`,
      holds: due > 0 && lost === 0 && doubled === 0,
    },
    {
      what: "all members see one order",
      found: `${reordered} of ${pairs} pairs of neighbours differ`,
      holds: pairs > 0 && reordered === 0,
    },
    {
      what: "at half load nothing is refused or left without an answer, no socket is closed",
      found: `${refused} refused, ${unsettled} without an answer, ${closed} closed`,
      holds: refused === 0 && unsettled === 0 && closed === 0,
    },
    {
      what: `memory of its own (RssAnon) grows by less than ${percent(growthMax)} of it an hour, beyond noise, in the second half`,
      found:
        growing.length === 0
          ? `${growth.map(({ name, perHour, plusMinus }) => `${name} ${formatShare(perHour, plusMinus)}`).join(", ")}`
          : `not so: ${growing.map(({ name, perHour, plusMinus }) => `${name} ${formatShare(perHour, plusMinus)}`).join(", ")}`,
      holds: growth.length > 0 && growing.length === 0,
    },
    {
      what: `the noise hides no more than ${percent(noiseMax)} an hour, else it shows nothing`,
      found: `${noisy.length === 0 ? "so it is" : `not so: ${noisy.map(({ name }) => name).join(", ")}`}, ${looks} looks`,
      holds: noisy.length === 0,
    },
    {
      what: `no more open files in the second half than in the first (${filesMoreMax} more at most)`,
      found: growth.map((one) => `${one.name} ${one.openFilesFirst} → ${one.openFilesSecond}`).join(", "),
      holds: growth.length > 0 && leaking.length === 0,
    },
  ];
}

/** "+1.2 ± 3.4 %" an hour. */
export function formatShare(perHour: number, plusMinus: number | null): string {
  const sign = perHour < 0 ? "−" : "+";
  const width = plusMinus === null ? "∞" : (plusMinus * 100).toFixed(1);
  return `${sign}${Math.abs(perHour * 100).toFixed(1)} ± ${width} %`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
