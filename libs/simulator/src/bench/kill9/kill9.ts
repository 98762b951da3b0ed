import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom, type Random } from "../../random.ts";
import { readIds } from "../clients/crowd.ts";
import { type Demand, type Spread, spreadOf } from "../clients/figures.ts";
import { openRawClient } from "../clients/raw-client.ts";
import { createMortalSystem, type MortalSystem } from "./mortal-system.ts";
import { type CutDisk, createCutDisk } from "./power-cut.ts";
import { findLosses, type Loss, startWriters, type Written } from "./writers.ts";

export interface Kill9Options {
  readonly kind: "embedded" | "cluster";
  readonly rounds: number;
  readonly seed: number;
  /** The machine loses its memory too: only what was flushed to the disk survives. Needs root. */
  readonly isPowerCut: boolean;
  readonly say: (line: string) => void;
}

export interface Kill9 {
  readonly kind: string;
  readonly isPowerCut: boolean;
  readonly rounds: number;
  readonly seed: number;
  /** Rounds in which the kill came while the processes started, before anybody wrote. */
  readonly killedAtStart: number;
  readonly acked: number;
  /** Under way when the processes died; of these so many turned out to be in the log. */
  readonly open: number;
  readonly openAndIn: number;
  /** ms from a start to its ready line. */
  readonly readyMs: Spread;
  readonly secondsARound: number;
  /** With a power cut: rounds after which a file written without a flush was gone or short, as it should be. */
  readonly unflushedLost?: number;
  readonly losses: readonly Loss[];
  readonly demands: readonly Demand[];
}

const atStartShare = 0.1;
const writeMsMin = 30;
const writeMsMax = 500;
const lossesShown = 20;

/**
 * Rounds of: start, write, SIGKILL to everything at a random moment, start again, compare every acked event with the
 * log; what was under way is sent again and must be there once.
 */
export async function runKill9(options: Kill9Options): Promise<Kill9> {
  const { kind, rounds, seed, isPowerCut, say } = options;
  const random = createRandom(seed);
  const disk = isPowerCut ? await createCutDisk() : undefined;
  const data = disk?.folder ?? (await mkdtemp(join(tmpdir(), "parley-kill9-")));
  const system = await createMortalSystem({ kind, data });
  const all: Written[] = [];
  const losses: Loss[] = [];
  const readyMs: number[] = [];
  let [acked, open, openAndIn, killedAtStart, unflushedLost] = [0, 0, 0, 0, 0];
  let before: readonly Written[] = [];
  const beganAt = performance.now();
  try {
    for (let round = 0; round < rounds; round++) {
      // Of a cluster only the command could be reached, whose processes would end in order.
      if (kind === "embedded" && random.chance(atStartShare) && (await dieAtStart(system, random))) killedAtStart++;
      const startedAt = performance.now();
      await system.start();
      readyMs.push(performance.now() - startedAt);
      const checked = await check(system, before, true);
      losses.push(...checked.losses);
      openAndIn += checked.openAndIn;
      before = await writeUntilDeath(system, random, `r${seed}-${round}`, disk);
      if (disk !== undefined && (await disk.cut())) unflushedLost++;
      all.push(...before);
      acked += before.reduce((sum, written) => sum + written.acked.size, 0);
      open += before.reduce((sum, written) => sum + written.open.size, 0);
      if ((round + 1) % 10 === 0 || losses.length > 0)
        say(`${round + 1} of ${rounds}: ${acked} acked, ${losses.length} losses`);
      if (losses.length > lossesShown) break;
    }
    const secondsARound = (performance.now() - beganAt) / 1_000 / rounds;
    await system.start();
    openAndIn += (await check(system, before, true)).openAndIn;
    say("reading everything once more");
    losses.push(...(await check(system, all, false)).losses);
    const result = { kind, isPowerCut, rounds, seed, killedAtStart, acked, open, openAndIn, secondsARound };
    const shown = losses.slice(0, lossesShown);
    const cut = disk === undefined ? {} : { unflushedLost };
    return {
      ...result,
      readyMs: spreadOf(readyMs),
      ...cut,
      losses: shown,
      demands: demandsOf({ ...result, ...cut }, losses),
    };
  } finally {
    await system.stop();
    await disk?.remove();
    if (disk === undefined) await rm(data, { recursive: true, force: true });
  }
}

function demandsOf(
  { rounds, acked, isPowerCut, unflushedLost = 0 }: Pick<Kill9, "rounds" | "acked" | "isPowerCut" | "unflushedLost">,
  losses: readonly Loss[],
): readonly Demand[] {
  const found = losses.length === 0 ? "nothing lost, nothing twice, no hole" : `${losses.length} losses`;
  const demands: Demand[] = [
    {
      what: `${acked} events acked before one of ${rounds} deaths are in the log`,
      found,
      holds: losses.length === 0 && acked > rounds,
    },
  ];
  if (isPowerCut) {
    // Else the cut would show nothing: whatever was written would be there, flushed or not.
    const what = "a file that was not flushed does not survive the cut";
    demands.push({ what, found: `gone after ${unflushedLost} of ${rounds}`, holds: unflushedLost > rounds / 2 });
  }
  return demands;
}

/** True where the kill came before it was ready. */
async function dieAtStart(system: MortalSystem, random: Random): Promise<boolean> {
  const starting = system.start().then(
    () => true,
    () => false,
  );
  const timer = new Promise<void>((resolve) => setTimeout(resolve, random.integer(50, 900)));
  await Promise.race([starting, timer]);
  await system.killAll();
  return !(await starting);
}

async function writeUntilDeath(
  system: MortalSystem,
  random: Random,
  name: string,
  disk: CutDisk | undefined,
): Promise<readonly Written[]> {
  const { urls, tokenOf } = system;
  const writers = await startWriters({ urls, tokenOf, random, name, rooms: 4, roomSize: 3, window: 4 });
  await new Promise((resolve) => setTimeout(resolve, random.integer(writeMsMin, writeMsMax)));
  await disk?.writeUnflushed();
  await system.killAll();
  await writers.ended;
  return writers.written;
}

/** Compares, and sends again what was under way, which must then be there once. */
async function check(system: MortalSystem, rooms: readonly Written[], sendsAgain: boolean) {
  const losses: Loss[] = [];
  let openAndIn = 0;
  for (const written of rooms) {
    const { channel, members, open } = written;
    const clients = new Map(
      await Promise.all(
        members.map(async (user) => {
          const url = system.urls[0] ?? "";
          return [user, await openRawClient({ url, user, token: system.tokenOf(user), device: "again" })] as const;
        }),
      ),
    );
    const [reader] = clients.values();
    if (reader === undefined) continue;
    const ids = await readIds(reader, channel).catch((cause: unknown) => String(cause));
    if (typeof ids === "string") {
      // A room whose making was acked is there; whoever made it is no stranger.
      losses.push({ channel, what: "acked and not there", detail: `the room: ${ids}` });
      continue;
    }
    losses.push(...findLosses(written, ids));
    if (sendsAgain) {
      const requests = new Set(ids.values());
      for (const [request, { user, frame }] of open) {
        if (requests.has(request)) openAndIn++;
        const ack = await clients.get(user)?.sendUntilAcked(frame);
        if (ack !== undefined) written.acked.set(ack.seq, request);
      }
      open.clear();
      losses.push(...findLosses(written, await readIds(reader, channel)));
    }
    await Promise.all([...clients.values()].map((client) => client.close()));
  }
  return { losses, openAndIn };
}
