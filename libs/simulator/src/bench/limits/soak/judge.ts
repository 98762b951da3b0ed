import type { Demand, Spread } from "../../clients/figures.ts";
import type { Faults } from "../../side-by-side/generator/tally.ts";
import type { Collected } from "./collected.ts";
import type { Sample } from "./sample.ts";
import { type Point, trendOf } from "./trend.ts";

/** One phase of the soak; faults of all of it. */
export interface PhaseLine extends Faults {
  readonly atS: number;
  readonly acked: number;
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

type At<T> = T & { readonly atS: number };

/** What was seen of one process. */
export interface ProcessLine {
  readonly name: string;
  readonly isOurs: boolean;
  /** While it works. */
  readonly samples: readonly At<Sample>[];
  /** Between phases; none of those that are not ours. */
  readonly collected: readonly At<Collected>[];
}

/** A growth as a share of the mean, an hour. */
export interface Hourly {
  readonly mean: number;
  readonly perHour: number;
  /** Half the 95 % confidence interval: what could hide in the noise. Null: too few looks to tell. */
  readonly plusMinus: number | null;
}

/** How the memory of one process goes in the second half. */
export interface Growth {
  readonly name: string;
  /** Resident memory of its own while it works. */
  readonly own: Hourly;
  /** Objects that are held once garbage is collected: hardly any noise is left. */
  readonly heap: Hourly;
  /** Buffers and the like that are held then. */
  readonly outside: Hourly;
  /** The most there were in the first and in the second half. */
  readonly openFiles: readonly [first: number, second: number];
}

/** A process that grows by more of itself in an hour is not flat. */
export const growthMax = 0.02;
/** Half an interval of the collected heap that is wider tells nothing: too short a soak, or too restless a machine. */
export const noiseMax = 0.1;
/** Of the messages: told to come again while the disk stalled for a moment, and taken then. */
const refusedShareMax = 0.001;
/** Somebody's look at the metrics, a file that is being written anew. */
const filesMoreMax = 3;

export function growthOf({ name, samples, collected }: ProcessLine): Growth {
  const until = Math.max(samples.at(-1)?.atS ?? 0, collected.at(-1)?.atS ?? 0);
  const isSecond = ({ atS }: { readonly atS: number }): boolean => atS >= until / 2;
  const files = (half: readonly Sample[]): number => Math.max(0, ...half.map(({ openFiles }) => openFiles));
  return {
    name,
    own: hourly(samples.filter(isSecond).map(({ atS, ownBytes }) => ({ atS, value: ownBytes }))),
    heap: hourly(collected.filter(isSecond).map(({ atS, heapBytes }) => ({ atS, value: heapBytes }))),
    outside: hourly(collected.filter(isSecond).map(({ atS, externalBytes }) => ({ atS, value: externalBytes }))),
    openFiles: [files(samples.filter((one) => !isSecond(one))), files(samples.filter(isSecond))],
  };
}

function hourly(points: readonly Point[]): Hourly {
  const { mean, perS, plusMinusPerS } = trendOf(points);
  const plusMinus = (plusMinusPerS * 3_600) / mean;
  return { mean, perHour: (perS * 3_600) / mean, plusMinus: Number.isFinite(plusMinus) ? plusMinus : null };
}

/** More than it may, and more than noise explains; a line that can't be told does not count as flat. */
function isGrowing({ perHour, plusMinus }: Hourly): boolean {
  return plusMinus === null || perHour - plusMinus >= growthMax;
}

/** `growth`: of our own processes. */
export function demandsOf(phases: readonly PhaseLine[], growth: readonly Growth[]): readonly Demand[] {
  const sum = (of: (phase: PhaseLine) => number): number => phases.reduce((total, phase) => total + of(phase), 0);
  const [due, lost, doubled] = [sum((phase) => phase.due), sum((phase) => phase.lost), sum((phase) => phase.doubled)];
  const [pairs, reordered] = [sum((phase) => phase.pairs), sum((phase) => phase.reordered)];
  const [acked, refused] = [sum((phase) => phase.acked), sum((phase) => phase.refused)];
  const unsettled = sum((phase) => phase.unsettled);
  const closed = Math.max(0, ...phases.map(({ socketsClosed }) => socketsClosed));
  const leaking = growth.filter(({ openFiles: [first, second] }) => second > first + filesMoreMax);
  const noisy = growth.filter(({ heap: { plusMinus } }) => plusMinus === null || plusMinus > noiseMax);
  const flat = (what: string, of: (one: Growth) => Hourly): Demand => ({
    what: `${what} grows by less than ${percent(growthMax)} of it an hour beyond noise, in the second half`,
    found: growth.map((one) => `${one.name} ${formatHourly(of(one))}`).join(", "),
    holds: growth.length > 0 && !growth.some((one) => isGrowing(of(one))),
  });
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
      what: "at most one in a thousand is told to come again, none is left without an answer, no socket is closed",
      found: `${refused} of ${acked} refused at first, ${unsettled} without an answer, ${closed} closed`,
      holds: refused <= acked * refusedShareMax && unsettled === 0 && closed === 0,
    },
    flat("resident memory that is no file's", ({ own }) => own),
    flat("the heap, once garbage is collected,", ({ heap }) => heap),
    flat("what is held outside of the heap then", ({ outside }) => outside),
    {
      what: `of the collected heap the noise hides no more than ${percent(noiseMax)} an hour, else that shows nothing`,
      found: noisy.length === 0 ? "so it is" : `not so: ${noisy.map(({ name }) => name).join(", ")}`,
      holds: growth.length > 0 && noisy.length === 0,
    },
    {
      what: `no more open files in the second half than in the first (by ${filesMoreMax} at most)`,
      found: growth.map(({ name, openFiles: [first, second] }) => `${name} ${first} → ${second}`).join(", "),
      holds: growth.length > 0 && leaking.length === 0,
    },
  ];
}

/** "+1.2 ± 3.4 %" an hour. */
export function formatHourly({ perHour, plusMinus }: Hourly): string {
  const width = plusMinus === null ? "∞" : (plusMinus * 100).toFixed(1);
  return `${perHour < 0 ? "−" : "+"}${Math.abs(perHour * 100).toFixed(1)} ± ${width} %`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
