import { availableParallelism } from "node:os";
import { createRandom } from "../../../random.ts";
import { cpuSeconds } from "../../../target/process-facts.ts";
import type { Demand } from "../../clients/figures.ts";
import type { MeasuredSystem } from "../../side-by-side/systems.ts";
import type { Entrant } from "./entrants.ts";
import type { Connected, Person } from "./messages.ts";
import { demandsOf, perSecondOf } from "./pacing.ts";
import { type Connector, startConnector } from "./start-connector.ts";

export interface ConnectsOptions {
  readonly entrants: readonly Entrant[];
  readonly users: number;
  /** Channels that each of them is a member of. */
  readonly channels: number;
  /** Members of each channel. */
  readonly roomSize: number;
  /** On their way at once. */
  readonly atOnce: number;
  /** Others who come and leave before, so that all code is compiled. */
  readonly warmUp: number;
  readonly say: (line: string) => void;
}

export interface ConnectsRow {
  readonly name: string;
  readonly title: string;
  readonly connectsPerS: number;
  readonly perSecond: readonly number[];
  readonly connected: Connected;
  /** CPU of all processes of a role a connect, ms, up to a second after the last welcome. */
  readonly cpuMs: Readonly<Record<string, number>>;
  /** CPU of the process that connects, of one core. */
  readonly generatorCores: number;
  /** CPU of all processes, that one among them, up to the last welcome; and cores that there are. */
  readonly busyCores: number;
  readonly machineCores: number;
}

export interface Connects {
  readonly users: number;
  readonly channels: number;
  readonly atOnce: number;
  readonly rows: readonly ConnectsRow[];
  readonly demands: readonly Demand[];
}

const owners = 100;
/** Those who left are announced offline after 5 s, and the gateways' pacing has its burst again after one. */
const leftMs = 7_000;
/** What a connect leaves to be done. */
const tailMs = 1_000;

/** So many connects as fast as they go. **Errors**: rejects where a system or the connecting process can't go on. */
export async function measureConnects(options: ConnectsOptions): Promise<Connects> {
  const { users, channels, atOnce, say } = options;
  const rows: ConnectsRow[] = [];
  const demands: Demand[] = [];
  for (const entrant of options.entrants) {
    const system = await entrant.start(say);
    const connector = startConnector();
    try {
      const row = await measureOne(options, entrant, system, connector);
      rows.push(row);
      if (entrant.isOurs) demands.push(...demandsOf(entrant.title, users, row.connected, entrant.pacing));
      say(`${entrant.title}: ${users} in ${row.connected.seconds.toFixed(1)} s`);
    } finally {
      await connector.end();
      await system.stop();
    }
  }
  return { users, channels, atOnce, rows, demands };
}

async function measureOne(
  { users, channels, roomSize, atOnce, warmUp }: ConnectsOptions,
  { name, title }: Entrant,
  system: MeasuredSystem,
  connector: Connector,
): Promise<ConnectsRow> {
  const { protocol, urls, processes } = system;
  const names = Array.from({ length: users }, (_, index) => `u${index}`);
  const rooms = roomsOf(names, channels, roomSize);
  const isTold = protocol === "socket.io";
  const roomsByUser = new Map(names.map((user): [string, string[]] => [user, []]));
  for (const [index, members] of rooms.entries()) {
    for (const user of members) if (isTold) roomsByUser.get(user)?.push(`room-${index}`);
  }
  const personOf = (user: string): Person => {
    return { user, token: system.tokenOf(user), rooms: roomsByUser.get(user) ?? [] };
  };
  const named = (prefix: string, count: number): readonly Person[] => {
    return Array.from({ length: count }, (_, index) => personOf(`${prefix}${index}`));
  };
  if (!isTold && rooms.length > 0) await connector.createRooms({ urls, owners: named("owner", owners), rooms });
  if (warmUp > 0) await connector.connect({ protocol, urls, people: named("w", warmUp), atOnce });
  await connector.leave();
  await pause(leftMs);

  const people = names.map(personOf);
  const before = await cpuOf(processes);
  const connected = await connector.connect({ protocol, urls, people, atOnce });
  const atLast = await cpuOf(processes);
  await pause(tailMs);
  const after = await cpuOf(processes);
  const usedS = atLast.reduce((sum, seconds, index) => sum + seconds - (before[index] ?? 0), connected.cpuS);
  const cpuMs: Record<string, number> = {};
  for (const [index, { role }] of processes.entries()) {
    const roleS = (after[index] ?? 0) - (before[index] ?? 0);
    cpuMs[role] = (cpuMs[role] ?? 0) + (roleS * 1_000) / users;
  }
  return {
    name,
    title,
    connectsPerS: connected.connectMs.count / connected.seconds,
    perSecond: perSecondOf(connected.perTenth),
    connected,
    cpuMs,
    generatorCores: connected.cpuS / connected.seconds,
    busyCores: usedS / connected.seconds,
    machineCores: availableParallelism(),
  };
}

/** Everybody is in so many rooms, each time with others; a rest that fills no room is left out. */
function roomsOf(users: readonly string[], channels: number, roomSize: number): readonly (readonly string[])[] {
  const random = createRandom(1);
  return Array.from({ length: channels }, () => random.sample(users, users.length)).flatMap((shuffled) =>
    Array.from({ length: Math.floor(users.length / roomSize) }, (_, room) =>
      shuffled.slice(room * roomSize, (room + 1) * roomSize),
    ),
  );
}

function cpuOf(processes: MeasuredSystem["processes"]): Promise<readonly number[]> {
  return Promise.all(processes.map(({ pid }) => cpuSeconds(pid)));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
