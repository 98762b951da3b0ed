import { setTimeout as pause } from "node:timers/promises";
import { busyCoresBetween } from "../../limits/machine-load.ts";
import type { Pace, PhaseFigures } from "../../side-by-side/generator/messages.ts";
import type { Generator } from "../../side-by-side/generator/start-generator.ts";
import type { MeasuredSystem } from "../../side-by-side/systems.ts";
import { type Look, lookAt, type Totals, totalNames } from "./look.ts";

/** Under a load, before anything of it counts: the first seconds are of other work (connects, rooms). */
const warmS = 2;

/** What a load took a second, idling included, and what was sent meanwhile. */
export interface LoadWindow {
  readonly messagesPerS: number;
  readonly deliveriesPerS: number;
  readonly rates: Totals;
  readonly figures: PhaseFigures;
  /** Cores that neither the system nor the generator had, and that were not idle: above a fifth or so it is no quiet machine. */
  readonly otherCores: number;
}

/** What a system takes a second that nobody asks anything of. */
export async function idleOver(system: MeasuredSystem, seconds: number): Promise<Totals> {
  const from = await lookAt(system);
  await pause(seconds * 1_000);
  return perSecond(from, await lookAt(system));
}

/**
 * The less of two windows, each total by itself: in the quiet after much work V8 collects all garbage once more, and
 * half a second of CPU in one window is none of what idling takes.
 */
export async function restOver(system: MeasuredSystem, seconds: number): Promise<Totals> {
  const [first, second] = [await idleOver(system, seconds), await idleOver(system, seconds)];
  return mapTotals((name) => Math.min(first[name], second[name]));
}

/** The looks are inside of the sending, which lasts a little longer on both sides. **Errors**: where nothing was acked. */
export async function loadOver(
  system: MeasuredSystem,
  generator: Generator,
  order: { readonly roomSize: number; readonly pace: Pace; readonly seed: number },
  seconds: number,
): Promise<LoadWindow> {
  const phase = generator.phase({ ...order, warmS, windowS: seconds + 1, pids: [] });
  const measured = async (): Promise<Totals> => {
    await pause(warmS * 1_000);
    return await idleOver(system, seconds);
  };
  const busy = busyCoresBetween(warmS * 1_000, (warmS + seconds) * 1_000);
  const [figures, rates, busyCores] = await Promise.all([phase, measured(), busy]);
  if (figures.acked === 0) throw new Error("nothing was acked in the window");
  return {
    messagesPerS: figures.acked / figures.seconds,
    deliveriesPerS: figures.deliveries / figures.seconds,
    rates,
    figures,
    otherCores: busyCores - figures.busy - coresOf(rates),
  };
}

function coresOf({ gatewayCpuMs, chatCpuMs, redisCpuMs, storeCpuMs }: Totals): number {
  return (gatewayCpuMs + chatCpuMs + redisCpuMs + storeCpuMs) / 1_000;
}

/** Compiles the code that a load runs through: a cold process would be measured otherwise. */
export async function warmUp(generator: Generator, roomSize: number, seconds: number): Promise<void> {
  const pace = { kind: "closed", inFlight: warmingInFlight } as const;
  await generator.phase({ roomSize, pace, warmS: 0, windowS: seconds, seed: 1, pids: [] });
}

const warmingInFlight = 50;

export function perSecond(from: Look, to: Look): Totals {
  const seconds = (to.at - from.at) / 1_000;
  return mapTotals((name) => (to.totals[name] - from.totals[name]) / seconds);
}

export function minus(whole: Totals, part: Totals): Totals {
  return mapTotals((name) => whole[name] - part[name]);
}

export function mapTotals(value: (name: keyof Totals) => number): Totals {
  return Object.fromEntries(totalNames.map((name) => [name, value(name)])) as Totals;
}
