import { type Demand, formatMs } from "../../clients/figures.ts";
import { type Inspector, inspectable, openInspectors } from "../../inspectors.ts";
import type { PhaseFigures } from "../../side-by-side/generator/messages.ts";
import { type Generator, startGenerator } from "../../side-by-side/generator/start-generator.ts";
import { openingOrder } from "../../side-by-side/opening-order.ts";
import type { MeasuredSystem } from "../../side-by-side/systems.ts";
import type { Layout } from "../layouts.ts";
import { namesOf } from "../process-load.ts";
import { collect } from "./collected.ts";
import { demandsOf, type Growth, growthOf, type PhaseLine, type ProcessLine } from "./judge.ts";
import { type Watched, watch } from "./watch.ts";

export interface SoakOptions {
  readonly layout: Layout;
  readonly minutes: number;
  readonly members: number;
  readonly roomSize: number;
  /** Undefined: half of what it saturates at just before. */
  readonly perS: number | undefined;
  /** Messages under way at once while it is saturated. */
  readonly inFlight: number;
  readonly phaseS: number;
  readonly sampleEveryS: number;
  /** After so many phases each process of ours collects its garbage; 0: never. */
  readonly phasesACollection: number;
  readonly say: (line: string) => void;
}

export interface Soak {
  /** ISO 8601, when the load began. */
  readonly date: string;
  readonly system: string;
  readonly title: string;
  readonly minutes: number;
  readonly members: number;
  readonly roomSize: number;
  /** Undefined where the rate was given. */
  readonly saturatedPerS: number | undefined;
  readonly perS: number;
  readonly phases: readonly PhaseLine[];
  readonly processes: readonly ProcessLine[];
  readonly growth: readonly Growth[];
  readonly demands: readonly Demand[];
}

const openingMax = 40;
const saturatedS = 8;

/**
 * A system at one rate for long, in phases that follow each other and are checked each.
 * **Errors**: rejects where the system or the generator can't go on.
 */
export async function soak(options: SoakOptions): Promise<Soak> {
  const { layout, minutes, members, roomSize, say } = options;
  const system = await layout.start(inspectable);
  const generator = startGenerator();
  let inspectors: readonly Inspector[] = [];
  try {
    await generator.open(openingOrder(system, { members, roomSizes: [roomSize], openingMax }));
    const saturatedPerS = options.perS === undefined ? await saturate(options, system, generator) : undefined;
    const perS = options.perS ?? Math.round((saturatedPerS ?? 0) / 2);
    const watched = watchedOf(system, generator);
    const own = watched.filter(({ isOurs }) => isOurs).map(({ pid }) => pid);
    if (options.phasesACollection > 0) inspectors = await openInspectors(system, own);
    say(`${layout.title}: ${perS} sends a second for ${minutes} minutes`);
    const date = new Date().toISOString();
    const { name, title } = layout;
    const { phases, processes } = await hold(options, { system, generator, watched, inspectors }, perS);
    const growth = processes.filter(({ isOurs }) => isOurs).map(growthOf);
    return {
      ...{ date, system: name, title, minutes, members, roomSize, saturatedPerS, perS, phases, processes, growth },
      demands: demandsOf(phases, growth),
    };
  } finally {
    for (const inspector of inspectors) inspector.close();
    await generator.end();
    await system.stop();
  }
}

/** What it takes in a closed loop, sends a second. */
async function saturate(
  { roomSize, inFlight, say }: SoakOptions,
  system: MeasuredSystem,
  generator: Generator,
): Promise<number> {
  const figures = await generator.phase({
    roomSize,
    pace: { kind: "closed", inFlight },
    warmS: 3,
    windowS: saturatedS,
    seed: 0,
    pids: system.processes.map(({ pid }) => pid),
  });
  const perS = figures.acked / figures.seconds;
  say(`saturated at ${Math.round(perS)} sends a second (${inFlight} under way at once)`);
  return perS;
}

interface Running {
  readonly system: MeasuredSystem;
  readonly generator: Generator;
  readonly watched: readonly Watched[];
  readonly inspectors: readonly Inspector[];
}

/** Phase after phase, until the time is over. */
async function hold(
  { minutes, roomSize, phaseS, sampleEveryS, phasesACollection, say }: SoakOptions,
  { system, generator, watched, inspectors }: Running,
  perS: number,
): Promise<{ readonly phases: readonly PhaseLine[]; readonly processes: readonly ProcessLine[] }> {
  const phases: PhaseLine[] = [];
  const collected = new Map<number, ProcessLine["collected"][number][]>();
  const watching = watch(watched, sampleEveryS);
  try {
    while (watching.elapsedS() < minutes * 60 - phaseS / 2) {
      const atS = watching.elapsedS();
      const figures = await generator.phase({
        roomSize,
        pace: { kind: "open", perS },
        warmS: 0,
        windowS: phaseS,
        seed: phases.length + 1,
        pids: system.processes.map(({ pid }) => pid),
      });
      phases.push(lineOf(atS, figures));
      say(`${Math.round(atS)} s: ${tell(figures)}`);
      if (phasesACollection === 0 || phases.length % phasesACollection !== 0) continue;
      const looks = inspectors.map(async (inspector) => {
        const look = { atS: watching.elapsedS(), ...(await collect(inspector)) };
        collected.set(inspector.pid, [...(collected.get(inspector.pid) ?? []), look]);
      });
      await Promise.all(looks);
    }
  } finally {
    watching.stop();
  }
  const samples = await watching.done;
  const processes = watched.map(({ name, isOurs, pid }, index): ProcessLine => {
    return { name, isOurs, samples: samples[index] ?? [], collected: collected.get(pid) ?? [] };
  });
  return { phases, processes };
}

function tell({ acked, seconds, ackMs, lost, doubled, reordered }: PhaseFigures): string {
  const faults = `${lost} lost, ${doubled} doubled, ${reordered} reordered`;
  return `${Math.round(acked / seconds)} acked a second, p99 ${formatMs(ackMs.p99)}, ${faults}`;
}

function lineOf(atS: number, figures: PhaseFigures): PhaseLine {
  const { seconds, sent, acked, deliveries, refused, unsettled, socketsClosed, ackMs, endToEndMs, busy } = figures;
  const { due, announced, lost, doubled, pairs, reordered } = figures;
  return {
    atS,
    acked,
    sentPerS: sent / seconds,
    ackedPerS: acked / seconds,
    deliveriesPerS: deliveries / seconds,
    serverCores: figures.processes.reduce((sum, { cpuS }) => sum + cpuS, 0) / seconds,
    generatorCores: busy,
    ...{ refused, unsettled, socketsClosed, ackMs, endToEndMs },
    ...{ due, announced, lost, doubled, pairs, reordered },
  };
}

function watchedOf(system: MeasuredSystem, generator: Generator): readonly Watched[] {
  const names = namesOf(system.processes);
  return [
    ...system.processes.map(({ pid, use, management }, index): Watched => {
      return { name: names[index] ?? "", pid, isOurs: use === "server", management };
    }),
    { name: "generator", pid: generator.pid, isOurs: false, management: undefined },
  ];
}
