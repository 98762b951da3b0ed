import { setTimeout as pause } from "node:timers/promises";
import type { Opened, PhaseFigures } from "../../side-by-side/generator/messages.ts";
import { type Generator, startGenerator } from "../../side-by-side/generator/start-generator.ts";
import { openingOrder } from "../../side-by-side/opening-order.ts";
import { type MeasuredSystem, startParley } from "../../side-by-side/systems.ts";
import type { Axis, Setup } from "../axes.ts";
import type { FigureName } from "../verdict/figures.ts";
import { type Memory, type Rates, ratesBetween, readCounters, readCpu, readMemory, sumOf } from "./counters.ts";
import { measureReads } from "./reads.ts";

export interface RoleFigures {
  /** ms, idling left out. */
  readonly cpuAMessage: number;
  /** ms/s. */
  readonly idleCpu: number;
  readonly residentMiB: number;
  readonly ownMiB: number;
}

/** One size on one axis. */
export interface Point {
  readonly size: number;
  readonly figures: Readonly<Partial<Record<FigureName, number>>>;
  readonly roles: Readonly<Record<string, RoleFigures>>;
  /** Redis commands a message by name, idling left out; those of less than 0.005 are left out. */
  readonly commands: Readonly<Record<string, number>>;
  /** What makes the figures doubtful, for a reader. */
  readonly warnings: readonly string[];
}

export interface PointOptions {
  readonly store: "lmdb" | "mongodb";
  /** Length of the window, and of the idle one before it. */
  readonly seconds: number;
  readonly say: (line: string) => void;
}

/** Sockets that are opened at once. */
const openingMax = 20;
/** A cold process would be measured otherwise: the more processes, the longer each stays cold at a modest rate. */
const warmingS = 6;
const warmingInFlight = 50;
/** The rooms of the warm-up where the measured one must keep its history. */
const warmingMembers = 5;
/** Two looks of what collects garbage in a quiet process (`collectWhenIdle`), and the quiet that they wait for. */
const calmS = 12;
const warmS = 3;
/** Connects of the same people: the first round warms the code and is not counted. */
const connectRounds = 4;
const connectingMax = 500;
const goneS = 2;
const commandsShownMin = 0.005;
const busyMax = 0.85;
const mebi = 1_048_576;

/**
 * Starts a system of its own, opens its people and warms it up, lets it be idle, measures its memory and what idling
 * takes, then the load. **Errors**: rejects where anything of it fails; nothing is left running.
 */
export async function measurePoint(axis: Axis, size: number, options: PointOptions): Promise<Point> {
  const { say, seconds } = options;
  const setup = axis.setup(size);
  say(`${axis.title}: ${size}`);
  const system = await startFleet(setup, options.store);
  const generator = startGenerator();
  try {
    await openPeople(generator, system, setup);
    await warmUp(generator, setup);
    const reads = setup.historyEvents === 0 ? undefined : await measureReads(system, setup, calmS);
    await pause(calmS * 1_000);
    const memory = await readMemory(system);
    const idle = await ratesOver(system, pause(seconds * 1_000));
    const { figures: load, rates } = await measureLoad(generator, system, setup, seconds);
    await generator.end();
    const connects = setup.hasConnects ? await measureConnects(system, setup, sumOf(idle.cpuMs)) : {};
    const point = pointOf({ size, load, idle, rates, memory });
    return { ...point, figures: { ...point.figures, ...reads, ...connects } };
  } finally {
    await generator.end();
    await system.stop();
  }
}

async function startFleet({ gateways, chatServers }: Setup, store: PointOptions["store"]): Promise<MeasuredSystem> {
  const counts = ["--gateways", String(gateways), "--chat-servers", String(chatServers)];
  return await startParley("cluster", [...counts, "--store", store]);
}

function openPeople(generator: Generator, system: MeasuredSystem, setup: Setup): Promise<Opened> {
  const { users, rooms, members, quietRooms, historyEvents } = setup;
  const roomSizes = historyEvents === 0 ? [members] : [members, warmingMembers];
  const order = openingOrder(system, { members: users, roomSizes, openingMax });
  return generator.open({ ...order, roomsMax: rooms, quietRooms });
}

async function warmUp(generator: Generator, { members, historyEvents }: Setup): Promise<void> {
  await generator.phase({
    roomSize: historyEvents === 0 ? members : warmingMembers,
    pace: { kind: "closed", inFlight: warmingInFlight },
    warmS: 0,
    windowS: warmingS,
    seed: 1,
    pids: [],
  });
}

async function ratesOver(system: MeasuredSystem, window: Promise<unknown>): Promise<Rates> {
  const from = await readCounters(system);
  await window;
  return ratesBetween(from, await readCounters(system));
}

/** The counters are read inside of the sending, which lasts a little longer on both sides. */
async function measureLoad(
  generator: Generator,
  system: MeasuredSystem,
  { members, perS }: Setup,
  seconds: number,
): Promise<{ readonly figures: PhaseFigures; readonly rates: Rates }> {
  const phase = generator.phase({
    roomSize: members,
    pace: { kind: "open", perS },
    warmS,
    windowS: seconds + 1,
    seed: 2,
    pids: [],
  });
  const measured = async (): Promise<Rates> => {
    await pause(warmS * 1_000);
    return await ratesOver(system, pause(seconds * 1_000));
  };
  const [figures, rates] = await Promise.all([phase, measured()]);
  return { figures, rates };
}

interface Measured {
  readonly size: number;
  readonly load: PhaseFigures;
  readonly idle: Rates;
  readonly rates: Rates;
  readonly memory: Memory;
}

function pointOf({ size, load, idle, rates, memory }: Measured): Point {
  const messagesPerS = load.acked / load.seconds;
  const deliveriesPerS = load.deliveries / load.seconds;
  const netCpu = sumOf(rates.cpuMs) - sumOf(idle.cpuMs);
  const roles = [...rates.cpuMs].map(([role, cpuMs]): [string, RoleFigures] => {
    const idleCpu = idle.cpuMs.get(role) ?? 0;
    const [resident, own] = [memory.residentBytes.get(role) ?? 0, memory.ownBytes.get(role) ?? 0];
    const cpuAMessage = (cpuMs - idleCpu) / messagesPerS;
    return [role, { cpuAMessage, idleCpu, residentMiB: resident / mebi, ownMiB: own / mebi }];
  });
  const commands = [...rates.commands].map(([name, perS]): [string, number] => {
    return [name, (perS - (idle.commands.get(name) ?? 0)) / messagesPerS];
  });
  return {
    size,
    figures: {
      cpuAMessage: netCpu / messagesPerS,
      cpuADelivery: (netCpu * 1_000) / deliveriesPerS,
      ackP50: load.ackMs.p50,
      ackP99: load.ackMs.p99,
      endToEndP50: load.endToEndMs.p50,
      endToEndP99: load.endToEndMs.p99,
      memory: sumOf(memory.ownBytes) / mebi,
      redisAMessage: (sumOf(rates.commands) - sumOf(idle.commands)) / messagesPerS,
      storeAMessage: (rates.storeCalls - idle.storeCalls) / messagesPerS,
      idleCpu: sumOf(idle.cpuMs),
    },
    roles: Object.fromEntries(roles),
    commands: Object.fromEntries(commands.filter(([, calls]) => Math.abs(calls) >= commandsShownMin)),
    warnings: warningsOf(size, load),
  };
}

function warningsOf(size: number, load: PhaseFigures): readonly string[] {
  const { busy, refused, lost, announced, doubled, reordered, unsettled, socketsClosed } = load;
  const counts = { refused, lost: lost - announced, doubled, reordered, unsettled, "sockets closed": socketsClosed };
  const wrong = Object.entries(counts).filter(([, count]) => count > 0);
  return [
    ...wrong.map(([name, count]) => `at ${size}: ${count} ${name}`),
    ...(busy > busyMax ? [`at ${size}: the generator was busy for ${busy.toFixed(2)} of a core`] : []),
  ];
}

/** People whose channels are there come back: a new socket each, some at once. */
async function measureConnects(system: MeasuredSystem, setup: Setup, idleMsPerS: number): Promise<Point["figures"]> {
  let [cpuMs, connects] = [0, 0];
  const p50: number[] = [];
  const users = Math.min(setup.users, connectingMax);
  // The end of all the others is work, too.
  await pause(calmS * 1_000);
  for (let round = 0; round < connectRounds; round++) {
    await pause(goneS * 1_000);
    const generator = startGenerator();
    try {
      const from = sumOf(await readCpu(system));
      const { connectMs, seconds } = await openPeople(generator, system, { ...setup, users, rooms: 0, quietRooms: 0 });
      if (round === 0) continue;
      cpuMs += (sumOf(await readCpu(system)) - from) * 1_000 - idleMsPerS * seconds;
      connects += users;
      p50.push(connectMs.p50);
    } finally {
      await generator.end();
    }
  }
  return { connectCpu: cpuMs / connects, connectP50: p50.reduce((sum, one) => sum + one, 0) / p50.length };
}
