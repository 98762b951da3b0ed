import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cpuSeconds } from "../../target/process-facts.ts";
import { type Inspector, inspectable, openInspectors } from "../inspectors.ts";
import type { Pace, PhaseFigures } from "../side-by-side/generator/messages.ts";
import { type Generator, startGenerator } from "../side-by-side/generator/start-generator.ts";
import { openingOrder } from "../side-by-side/opening-order.ts";
import { type MeasuredSystem, startParley } from "../side-by-side/systems.ts";
import { type EventLoopDelay, readEventLoop, watchEventLoop } from "./event-loop-delay.ts";
import { type CpuProfile, type ProfileSummary, parseCpuProfile, summarize } from "./graph/cpu-profile.ts";
import { foldFrames, renderFlameGraph } from "./graph/flame-graph.ts";
import { type Layout, layouts, type ProfilePace, type Scenario } from "./scenarios.ts";
import { cpuByThread, type ThreadUse, threadsSince } from "./threads.ts";

export interface ProfileOptions {
  readonly scenario: Scenario;
  readonly layout: Layout;
  readonly store: "lmdb" | "mongodb";
  readonly pace: ProfilePace;
  readonly members: number;
  readonly inFlight: number;
  readonly seconds: number;
  readonly samplingUs: number;
  /** Folder for the files; made where it is missing. */
  readonly out: string;
  readonly say: (line: string) => void;
}

/** What was done while it was profiled, or just before. */
export interface Work {
  readonly seconds: number;
  readonly deliveries: number;
  readonly sends: number;
  readonly connects: number;
  readonly ackMs: { readonly p50: number; readonly p99: number };
  readonly endToEndMs: { readonly p50: number; readonly p99: number };
  /** Share of one core that the generator used; above 0.85 it is the generator that is measured. */
  readonly generatorBusy: number;
}

export interface ProfiledProcess {
  readonly role: string;
  readonly pid: number;
  /** CPU of all its threads in the window, without the profiler where there was a window without. */
  readonly plainCpuS: number | undefined;
  readonly cpuS: number;
  readonly summary: ProfileSummary;
  readonly delay: EventLoopDelay;
  /** CPU seconds by kind of thread while it was profiled: what the profile of the main thread leaves out. */
  readonly threads: readonly ThreadUse[];
  readonly files: readonly string[];
}

export interface Profiled {
  readonly scenario: string;
  readonly layout: Layout;
  readonly store: string;
  readonly pace: string;
  /** The same window without a profiler: what CPU costs are to be read from. Undefined for connects, which come once. */
  readonly plain: Work | undefined;
  readonly work: Work;
  readonly processes: readonly ProfiledProcess[];
  /** CPU seconds of Redis and the store's server in the window without a profiler. */
  readonly others: Readonly<Record<string, number>>;
}

const warmS = 3;
const saturationS = 4;
const openingMax = 40;
/** So many connects are on their way at once where connecting is what is measured. */
const connectingMax = 64;
const warmingConnects = 1_000;

/** Runs a scenario and takes a CPU profile of each gateway and chat server process; the files are in `out` at the end. */
export async function profileScenario(options: ProfileOptions): Promise<Profiled> {
  const { scenario, layout, store, say } = options;
  const { command, args } = layouts[layout];
  const storeArgs = command === "cluster" ? ["--store", store] : [];
  const system = await startParley(command, [...args, ...storeArgs], inspectable);
  const generator = startGenerator();
  try {
    const parts = system.processes;
    const profiled = parts.filter(({ use, role }) => use === "server" && role !== "presence");
    const inspectors = await openInspectors(
      system,
      profiled.map(({ pid }) => pid),
    );
    const open = opener(system, options);
    const run = scenario.kind === "connect" ? profileConnects : profileTalk;
    const { plain, work, profiles, pace } = await run({ generator, open, inspectors, parts, options });
    say("writing the files");
    await mkdir(options.out, { recursive: true });
    const processes: ProfiledProcess[] = [];
    for (const [index, { role, pid }] of profiled.entries()) {
      const taken = profiles.find((one) => one.pid === pid);
      if (taken === undefined) throw new Error(`no profile of ${role}, pid ${pid}`);
      const number = profiled.slice(0, index + 1).filter((one) => one.role === role).length;
      const roles = [...new Set(role.split("+"))];
      const name = `${scenario.name}-${layout}-${pace}-${roles.join("-")}-${number}`;
      processes.push({
        role: `${roles.join("+")} ${number}`,
        pid,
        plainCpuS: plain?.cpuS.get(pid),
        cpuS: work.cpuS.get(pid) ?? 0,
        summary: summarize(taken.profile),
        delay: taken.delay,
        threads: taken.threads,
        files: await writeProfile(options.out, name, taken),
      });
    }
    return {
      scenario: scenario.name,
      layout,
      store: command === "start" ? "lmdb" : store,
      pace,
      plain: plain?.work,
      work: work.work,
      processes,
      others: Object.fromEntries(
        parts
          .filter((part) => !profiled.includes(part))
          .map(({ role, pid }) => [role, (plain ?? work).cpuS.get(pid) ?? 0]),
      ),
    };
  } finally {
    await generator.end();
    await system.stop();
  }
}

interface Measured {
  readonly work: Work;
  /** By pid. */
  readonly cpuS: ReadonlyMap<number, number>;
}

interface Taken {
  readonly pid: number;
  readonly raw: unknown;
  readonly profile: CpuProfile;
  readonly delay: EventLoopDelay;
  readonly threads: readonly ThreadUse[];
}

interface Run {
  readonly generator: Generator;
  readonly open: Opener;
  readonly inspectors: readonly Inspector[];
  readonly parts: readonly { readonly pid: number }[];
  readonly options: ProfileOptions;
}

interface Outcome {
  readonly plain: Measured | undefined;
  readonly work: Measured;
  readonly profiles: readonly Taken[];
  readonly pace: string;
}

type Opener = (generator: Generator, from: number, count: number, openingMax: number) => Promise<number>;

/** Opens the sockets of people `from` on, and their rooms where the scenario has some; the seconds of the sockets. */
function opener(system: MeasuredSystem, { scenario }: ProfileOptions): Opener {
  return async (generator, from, count, openingMax) => {
    const roomSizes = scenario.kind === "connect" ? [] : [scenario.roomSize];
    const opened = await generator.open(openingOrder(system, { members: count, roomSizes, openingMax, from }));
    return opened.seconds;
  };
}

async function profileTalk({ generator, open, inspectors, parts, options }: Run): Promise<Outcome> {
  const { scenario, seconds, inFlight, say } = options;
  const pids = parts.map(({ pid }) => pid);
  say(`opening ${options.members} sockets and their rooms of ${scenario.roomSize}`);
  await open(generator, 0, options.members, openingMax);
  const phase = (pace: Pace, windowS: number): Promise<PhaseFigures> =>
    generator.phase({ roomSize: scenario.roomSize, pace, warmS, windowS, seed: 1, pids });
  const { pace, name } = await paceOf(options, (windowS) => phase({ kind: "closed", inFlight }, windowS));
  say(`${seconds} s without a profiler, ${name}`);
  const plain = measuredOf(await phase(pace, seconds));
  say(`${seconds} s with it`);
  const [figures, profiles] = await Promise.all([
    phase(pace, seconds),
    pause(warmS * 1_000).then(() => takeProfiles(inspectors, options, pause(seconds * 1_000))),
  ]);
  return { plain, work: measuredOf(figures), profiles, pace: name };
}

async function paceOf(
  { scenario, pace, inFlight, say }: ProfileOptions,
  saturate: (windowS: number) => Promise<PhaseFigures>,
): Promise<{ readonly pace: Pace; readonly name: string }> {
  if (scenario.kind === "idle") return { pace: { kind: "open", perS: 0 }, name: "idle" };
  if (pace === "saturated") return { pace: { kind: "closed", inFlight }, name: "saturated" };
  if (pace !== "half") return { pace: { kind: "open", ...pace }, name: `${pace.perS}-per-s` };
  say("looking for the saturation");
  const { acked, seconds } = await saturate(saturationS);
  const perS = Math.round(acked / seconds / 2);
  say(`saturated at ${perS * 2} sends/s`);
  return { pace: { kind: "open", perS }, name: `half-${perS}-per-s` };
}

/** Connects come once, so that there is no window without a profiler; people who came and left before warm the code. */
async function profileConnects({ generator, open, inspectors, parts, options }: Run): Promise<Outcome> {
  const { members, say } = options;
  const before = startGenerator();
  try {
    say(`${warmingConnects} connects to warm the code`);
    await open(before, members, warmingConnects, connectingMax);
  } finally {
    await before.end();
  }
  await pause(warmS * 1_000);
  say(`${members} connects with a profiler`);
  const from = await cpuByPid(parts);
  const opening = open(generator, 0, members, connectingMax);
  const profiles = await takeProfiles(inspectors, options, opening);
  const seconds = await opening;
  const to = await cpuByPid(parts);
  const none = { p50: 0, p99: 0 };
  return {
    plain: undefined,
    work: {
      work: { seconds, deliveries: 0, sends: 0, connects: members, ackMs: none, endToEndMs: none, generatorBusy: 0 },
      cpuS: new Map([...to].map(([pid, cpuS]) => [pid, cpuS - (from.get(pid) ?? 0)])),
    },
    profiles,
    pace: "as-fast-as-it-goes",
  };
}

async function cpuByPid(parts: Run["parts"]): Promise<ReadonlyMap<number, number>> {
  return new Map(await Promise.all(parts.map(async ({ pid }) => [pid, await cpuSeconds(pid)] as const)));
}

async function takeProfiles(
  inspectors: readonly Inspector[],
  { samplingUs }: ProfileOptions,
  until: Promise<unknown>,
): Promise<readonly Taken[]> {
  await Promise.all(
    inspectors.map(async (inspector) => {
      await inspector.call("Profiler.enable");
      await inspector.call("Profiler.setSamplingInterval", { interval: samplingUs });
      await inspector.call("Profiler.start");
      // After the start, which holds the process up for a moment.
      await watchEventLoop(inspector);
    }),
  );
  const before = await Promise.all(inspectors.map(({ pid }) => cpuByThread(pid)));
  await until;
  return await Promise.all(
    inspectors.map(async (inspector, index) => {
      const threads = threadsSince(before[index] ?? new Map(), await cpuByThread(inspector.pid));
      const delay = await readEventLoop(inspector);
      const raw = (await inspector.call("Profiler.stop"))["profile"];
      inspector.close();
      return { pid: inspector.pid, raw, profile: parseCpuProfile(raw), delay, threads };
    }),
  );
}

async function writeProfile(out: string, name: string, { raw, profile }: Taken): Promise<readonly string[]> {
  const [data, graph] = [join(out, `${name}.cpuprofile`), join(out, `${name}.html`)];
  await writeFile(data, JSON.stringify(raw));
  await writeFile(graph, await renderFlameGraph(name, foldFrames(profile)));
  return [data, graph];
}

function measuredOf(figures: PhaseFigures): Measured {
  const { seconds, deliveries, acked, ackMs, endToEndMs, busy, processes } = figures;
  return {
    work: { seconds, deliveries, sends: acked, connects: 0, ackMs, endToEndMs, generatorBusy: busy },
    cpuS: new Map(processes.map(({ pid, cpuS }) => [pid, cpuS])),
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
