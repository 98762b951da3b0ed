import type { Demand } from "../../clients/figures.ts";
import type { PhaseFigures } from "../../side-by-side/generator/messages.ts";
import { type Generator, startGenerator } from "../../side-by-side/generator/start-generator.ts";
import type { MeasuredSystem, SystemKind } from "../../side-by-side/systems.ts";
import { namesOf } from "../process-load.ts";
import { type Growth, growthOf, demandsOf as judge, type PhaseLine } from "./judge.ts";
import { lookAt, type Sample, type Watched } from "./sample.ts";

export interface SoakOptions {
  readonly kind: SystemKind;
  readonly minutes: number;
  readonly members: number;
  readonly roomSize: number;
  /** Undefined: half of what it saturates at just before. */
  readonly perS: number | undefined;
  /** Messages under way at once while it is saturated. */
  readonly inFlight: number;
  readonly phaseS: number;
  readonly sampleEveryS: number;
  readonly say: (line: string) => void;
}

/** What was seen of one process. */
export interface ProcessLine {
  readonly name: string;
  readonly isOurs: boolean;
  readonly samples: readonly (Sample & { readonly atS: number })[];
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
  const { kind, minutes, members, roomSize, say } = options;
  const system = await kind.start(say);
  const generator = startGenerator();
  try {
    await generator.open({
      protocol: system.protocol,
      urls: system.urls,
      members,
      tokens: Array.from({ length: members }, (_, index) => system.tokenOf(`u${index}`)),
      roomSizes: [roomSize],
      openingMax,
    });
    const saturatedPerS = options.perS === undefined ? await saturate(options, system, generator) : undefined;
    const perS = options.perS ?? Math.round((saturatedPerS ?? 0) / 2);
    say(`${kind.title}: ${perS} sends a second for ${minutes} minutes`);
    const date = new Date().toISOString();
    const watching = watch(watchedOf(system, generator), options.sampleEveryS);
    const phases = await hold(options, system, generator, perS).finally(() => watching.stop());
    const processes = await watching.done;
    const growth = processes.filter(({ isOurs }) => isOurs).map(growthOf);
    return {
      ...{ date, system: kind.name, title: kind.title, minutes, members, roomSize, saturatedPerS, perS },
      ...{ phases, processes, growth },
      demands: judge(phases, processes, growth),
    };
  } finally {
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

/** Phase after phase, until the time is over. */
async function hold(
  { minutes, roomSize, phaseS, say }: SoakOptions,
  system: MeasuredSystem,
  generator: Generator,
  perS: number,
): Promise<readonly PhaseLine[]> {
  const phases: PhaseLine[] = [];
  const beganAt = performance.now();
  const elapsedS = (): number => (performance.now() - beganAt) / 1_000;
  while (elapsedS() < minutes * 60 - phaseS / 2) {
    const atS = elapsedS();
    const figures = await generator.phase({
      roomSize,
      pace: { kind: "open", perS },
      warmS: 0,
      windowS: phaseS,
      seed: phases.length + 1,
      pids: system.processes.map(({ pid }) => pid),
    });
    const phase = lineOf(atS, figures);
    phases.push(phase);
    const { ackedPerS, ackMs, lost, doubled, reordered } = phase;
    const faults = `${lost} lost, ${doubled} doubled, ${reordered} reordered`;
    say(
      `${Math.round(elapsedS())} s: ${Math.round(ackedPerS)} acked a second, p99 ${ackMs.p99.toFixed(1)} ms, ${faults}`,
    );
  }
  return phases;
}

function lineOf(atS: number, figures: PhaseFigures): PhaseLine {
  const { seconds, sent, acked, deliveries, refused, unsettled, socketsClosed, ackMs, endToEndMs, busy } = figures;
  const { due, announced, lost, doubled, pairs, reordered } = figures;
  return {
    atS,
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

/** Looks at all of them, so often, until it is stopped. `done` **rejects** where one is gone. */
function watch(watched: readonly Watched[], everyS: number) {
  const lines = watched.map(({ name, isOurs }) => ({ name, isOurs, samples: [] as (Sample & { atS: number })[] }));
  const beganAt = performance.now();
  const stopping = new AbortController();
  const look = async (): Promise<void> => {
    const atS = (performance.now() - beganAt) / 1_000;
    const samples = await Promise.all(watched.map(lookAt));
    for (const [index, sample] of samples.entries()) lines[index]?.samples.push({ atS, ...sample });
  };
  const run = async (): Promise<readonly ProcessLine[]> => {
    for (let next = 0; !stopping.signal.aborted; next += everyS) {
      await pause(next * 1_000 - (performance.now() - beganAt), stopping.signal);
      if (!stopping.signal.aborted) await look();
    }
    return lines;
  };
  const done = run();
  // Told to whoever awaits it, at the end.
  done.catch(() => undefined);
  return { done, stop: () => stopping.abort() };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.max(0, ms));
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
