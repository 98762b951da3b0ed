import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSystem } from "../../target/system.ts";
import { createTokens } from "../../target/tokens.ts";
import { type Admin, createAdmin } from "../clients/admin.ts";
import { createRooms, openCrowd } from "../clients/crowd.ts";
import type { Demand } from "../clients/figures.ts";
import { openRawClient } from "../clients/raw-client.ts";
import { type AddedServer, addServer } from "./added-server.ts";
import {
  added,
  addedDemands,
  boundDemand,
  type Crowd,
  chatServers,
  drainedDemand,
  gateways,
  rounding,
  sparedDemand,
  strainWanted,
  talkDemand,
  unseenOf,
} from "./demands.ts";
import { countByServer, lookAtServers, movedUsers, type Places, type ServerLook, watchMoves } from "./fleet-look.ts";
import { type Hog, startHog, whyNoHog } from "./hog.ts";
import { openSlowly } from "./newcomers.ts";
import { Talk } from "./talk.ts";

export interface PlacementBenchOptions extends Crowd {
  /** Members of each room. */
  readonly roomSize: number;
  /** Over all rooms, 1/s. */
  readonly sendsPerS: number;
  readonly say: (line: string) => void;
}

/** Users by chat server at one time. */
export interface Stage {
  readonly name: string;
  readonly users: Readonly<Record<string, number>>;
  /** Since the stage before, those who came for the first time left out. */
  readonly moved: number;
}

export interface PlacementBench {
  readonly stages: readonly Stage[];
  readonly nodes: readonly string[];
  /** Of the slow server, each look while newcomers came; none where there was no hog. */
  readonly strains: readonly number[];
  readonly demands: readonly Demand[];
}

const strainWithinMs = 20_000;
/** Beside the time in which the newcomers come: they may find it hard to come in. */
const hogSpareS = 90;
const calmStrain = 1.2;
const calmWithinMs = 60_000;
/** `rebalanceAfterMs` is 10 s; who has not begun by then does not. */
const stillMs = 13_000;
const addedStillMs = 5_000;
const moveWithinMs = 90_000;
const drainWithinMs = 25_000;
const answersWithinMs = 20_000;

/**
 * Bounded-load placement on real processes: a slow chat server is spared, an added one is given its share under way, and
 * one that is drained gives away its own users and no others.
 */
export async function measurePlacement(options: PlacementBenchOptions): Promise<PlacementBench> {
  const { rebalancePerS, roomSize, say } = options;
  const data = await mkdtemp(join(tmpdir(), "parley-placement-"));
  const logFile = join(data, "bench.log");
  const args = ["--gateways", `${gateways}`, "--chat-servers", `${chatServers}`, "--log-file", logFile];
  const env = { PARLEY_CHAT_SERVER_REBALANCE_PER_SECOND: `${rebalancePerS}` };
  const system = await startSystem({ command: "cluster", data, args, env });
  let hog: Hog | undefined;
  let fourth: AddedServer | undefined;
  try {
    const tokenOf = await createTokens(system.data);
    const admin = createAdmin(system.presence, tokenOf("admin", "admin"));
    const stages = new Stages();
    const demands: Demand[] = [];
    const talk = new Talk();
    const onEvent = (user: string, frame: string): void => talk.hear(user, frame);

    say(`opening ${options.users} sockets`);
    const names = namesOf("user", options.users);
    const clients = [...(await openCrowd({ urls: system.ws, tokenOf, users: names, onEvent }))];
    const first = await admin.serversOf(names);
    stages.add("three servers", first);

    let strains: readonly number[] = [];
    const slow = system.processes.find(({ role }) => role === "chat-server");
    const missing = await whyNoHog();
    if (slow === undefined) throw new Error("there is no chat server");
    if (missing === undefined) {
      const others = system.processes.filter(({ pid }) => pid !== slow.pid).map(({ pid }) => pid);
      say(`a hog beside ${slow.node}`);
      hog = await startHog({
        victim: slow.pid,
        others: [...new Set(others)],
        endsAfterS: hogSpareS + options.newcomers / options.newcomersPerS,
      });
      await waitUntil(admin, "the slow server shows it", strainWithinMs, (servers) =>
        servers.some(({ node, strain }) => node === slow.node && strain >= strainWanted),
      );
    } else say(`NO HOG, no chat server is made slow: ${missing}`);

    say(`${options.newcomers} people come, ${options.newcomersPerS} a second`);
    const newNames = namesOf("new", options.newcomers);
    const sampling = sampleStrain(admin, slow.node);
    const { opened, refused } = await openSlowly(newNames, options.newcomersPerS, (user, index) =>
      openRawClient({
        url: system.ws[index % system.ws.length] ?? "",
        user,
        token: tokenOf(user),
        onEvent: (frame) => onEvent(user, frame),
      }),
    );
    const sampled = await sampling.end();
    const everybody = [...names, ...newNames];
    const full = await admin.serversOf(everybody);
    const servers = await lookAtServers(admin);
    await hog?.stop();
    stages.add(hog === undefined ? "newcomers" : "newcomers, one server slow", full);
    if (hog !== undefined) strains = sampled;
    demands.push(sparedDemand(options, slow.node, first, full, missing));
    demands.push(boundDemand("when they have come", full, servers, unseenOf(options)));
    const nowhere = everybody.filter((user) => !full.has(user)).length;
    demands.push({
      what: "nobody is refused, and everybody is somewhere",
      found: `${refused} refused, ${nowhere} nowhere`,
      holds: refused === 0 && nowhere === 0,
    });
    clients.push(...opened);

    say("waiting until all servers are calm and nobody moves");
    await waitUntil(admin, "all are calm", calmWithinMs, (all) => all.every(({ strain }) => strain < calmStrain));
    const calm = await watchMoves({
      admin,
      users: everybody,
      before: full,
      stillMs,
      movedMin: 0,
      limitMs: moveWithinMs,
    });
    stages.add("calm again", calm.places);

    say("making rooms; people talk from now on");
    const rooms = await createRooms(clients, roomSize, "room");
    talk.begin(rooms, options.sendsPerS);
    say(`starting ${added}`);
    fourth = await addServer(system, added, logFile);
    const watch = { admin, users: everybody, limitMs: moveWithinMs };
    const filled = await watchMoves({ ...watch, before: calm.places, stillMs: addedStillMs, movedMin: 1 });
    stages.add("a fourth server added", filled.places);
    demands.push(...addedDemands(options, calm.places, filled.places, filled.samples));
    demands.push(boundDemand("with the fourth server", filled.places, await lookAtServers(admin), rounding));

    say(`draining ${added}`);
    const own = [...filled.places].filter(([, node]) => node === added).map(([user]) => user);
    await admin.ask(`/v1/admin/servers/${added}/drain`, {});
    const code = await fourth.ended(drainWithinMs);
    const drained = await watchMoves({ ...watch, before: filled.places, stillMs: addedStillMs, movedMin: own.length });
    stages.add("the fourth drained", drained.places);
    demands.push(drainedDemand(own, filled.places, drained.places, code));

    demands.push(talkDemand(await talk.end(answersWithinMs)));
    const closed = clients.filter(({ closeCode }) => closeCode !== undefined).length;
    demands.push({ what: "no client socket is closed", found: `${closed} closed`, holds: closed === 0 });
    return { stages: stages.list, nodes: stages.nodes, strains, demands };
  } finally {
    await hog?.stop();
    await fourth?.kill();
    await system.stop();
    await rm(data, { recursive: true, force: true });
  }
}

class Stages {
  readonly list: Stage[] = [];
  private before: Places = new Map();

  get nodes(): readonly string[] {
    return [...new Set(this.list.flatMap(({ users }) => Object.keys(users)))].sort();
  }

  add(name: string, places: Places): void {
    const moved = movedUsers(this.before, places).length;
    this.list.push({ name, users: Object.fromEntries(countByServer(places)), moved });
    this.before = places;
  }
}

function namesOf(kind: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${kind}-${index}`);
}

function sampleStrain(admin: Admin, node: string): { end(): Promise<readonly number[]> } {
  const strains: number[] = [];
  let isOver = false;
  const sampling = (async () => {
    while (!isOver) {
      const found = (await lookAtServers(admin)).find((one) => one.node === node);
      if (found !== undefined) strains.push(found.strain);
      await pause(1_000);
    }
  })();
  return {
    async end() {
      isOver = true;
      await sampling;
      return strains;
    },
  };
}

async function waitUntil(
  admin: Admin,
  what: string,
  withinMs: number,
  holds: (servers: readonly ServerLook[]) => boolean,
): Promise<void> {
  const until = performance.now() + withinMs;
  for (;;) {
    const servers = await lookAtServers(admin);
    if (holds(servers)) return;
    if (performance.now() >= until) throw new Error(`${what}: not within ${withinMs} ms: ${JSON.stringify(servers)}`);
    await pause(500);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
