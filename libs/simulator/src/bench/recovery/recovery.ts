import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fields } from "../../history/content.ts";
import { forEachLimited } from "../../run/limited.ts";
import { cpuSeconds } from "../../target/process-facts.ts";
import { type SystemProcess, startSystem } from "../../target/system.ts";
import { createTokens } from "../../target/tokens.ts";
import { createAdmin } from "../clients/admin.ts";
import { createRooms, openCrowd, type RawRoom, readIds } from "../clients/crowd.ts";
import { type Demand, type Spread, spreadOf } from "../clients/figures.ts";
import { readLogLines } from "../clients/log-lines.ts";
import type { Acked, RawClient } from "../clients/raw-client.ts";

/** `kill`: the process is gone and its links with it. `stop`: it stands still and its links stay open. */
export type DeathKind = "kill" | "stop";

export interface RecoveryOptions {
  /** Connected users in all; the chat server with the most of them dies. */
  readonly users: number;
  readonly gateways: number;
  readonly chatServers: number;
  /** Members of each room. */
  readonly roomSize: number;
  readonly death: DeathKind;
  /** Messages sent before anything happens, so that no process is measured while its code is cold. */
  readonly warmUp: number;
  /** The bound on the first ack of each user, ms. */
  readonly boundMs: number;
  readonly say: (line: string) => void;
}

export interface Recovery {
  readonly death: DeathKind;
  readonly users: number;
  readonly usersOnVictim: number;
  /** Acks of the same users' messages just before, all at once, with nothing dead. */
  readonly before: Spread;
  /** From the death until a gateway's log says that the link is closed; one value a gateway. */
  readonly detection: Spread;
  /** From there until another chat server has the session and answers a request that touches no channel. */
  readonly replacement: Spread;
  /** From there to the ack: the channel's new home loads its log, the store commits. */
  readonly takeOver: Spread;
  /** From the death to the first ack, each user. */
  readonly firstAck: Spread;
  readonly attemptsMax: number;
  readonly refusals: Readonly<Record<string, number>>;
  readonly socketsClosed: number;
  /** CPU seconds from the death to the last first ack by role, the clients of this process among them: how much of it
   *  is work and not waiting for a busy machine. */
  readonly cpuS: Readonly<Record<string, number>>;
  readonly demands: readonly Demand[];
}

const giveUpMs = 30_000;
const linkClosed = "link to chat server closed";

/** A chat server dies under its users, each of whom sends at once; what each part of the way back took. */
export async function measureRecovery(options: RecoveryOptions): Promise<Recovery> {
  const { users, gateways, chatServers, say } = options;
  const data = await mkdtemp(join(tmpdir(), "parley-recovery-"));
  const logFile = join(data, "bench.log");
  const args = ["--gateways", `${gateways}`, "--chat-servers", `${chatServers}`, "--log-file", logFile];
  const system = await startSystem({ command: "cluster", data, args });
  try {
    const tokenOf = await createTokens(system.data);
    const admin = createAdmin(system.presence, tokenOf("admin", "admin"));
    say(`opening ${users} sockets`);
    const names = Array.from({ length: users }, (_, index) => `user-${index}`);
    const clients = await openCrowd({ urls: system.ws, tokenOf, users: names });
    say("making rooms");
    const rooms = await createRooms(clients, options.roomSize, "room");
    say(`warming up with ${options.warmUp} messages`);
    await warmUp(rooms, options.warmUp);
    const servers = await admin.serversOf(names);
    const victimNode = mostFrequent(servers.values());
    const victim = system.processes.find(({ node }) => node === victimNode);
    if (victim === undefined) throw new Error("nobody is anywhere");
    const hit = rooms.flatMap(({ channel, members }) =>
      members.filter(({ user }) => servers.get(user) === victimNode).map((client) => ({ client, channel })),
    );
    say(`${hit.length} users on ${victimNode}; one message each before anything happens`);
    const calmAt = performance.now();
    const calm = await Promise.all(hit.map(({ client, channel }) => client.sendUntilAcked(message("calm", channel))));

    say(`${options.death === "kill" ? "killing" : "stopping"} ${victimNode}`);
    const survivors = system.processes.filter(({ pid }) => pid !== victim.pid);
    const usedBefore = await cpuByRole(survivors);
    const diedAt = performance.now();
    const diedTime = Date.now();
    process.kill(victim.pid, options.death === "kill" ? "SIGKILL" : "SIGSTOP");
    const back = new Map<string, number>();
    const sending = hit.map(({ client, channel }) => {
      client.ask({ type: "presence.unwatch", id: "probe", users: [] }, () => {
        back.set(client.user, performance.now());
        return "done";
      });
      return client.sendUntilAcked(message("first", channel));
    });
    const outcomes = await Promise.race([Promise.allSettled(sending), timeOut(giveUpMs)]);
    const usedAfter = await cpuByRole(survivors);
    if (options.death === "stop") process.kill(victim.pid, "SIGCONT");
    if (outcomes === undefined) throw new Error(`some users got no ack within ${giveUpMs} ms`);
    const acks = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    say("reading every room");
    const lost = await countLost(
      rooms,
      hit,
      outcomes.map((outcome) => (outcome.status === "fulfilled" ? outcome.value : undefined)),
    );
    const links = (await readLogLines(logFile, [linkClosed])).filter(
      ({ time, fields }) => fields["server"] === victimNode && time >= diedTime - 5,
    );
    const firstLink = new Map<string, number>();
    for (const { node, time } of links) if (!firstLink.has(node)) firstLink.set(node, time - diedTime);
    const detectedMs = Math.max(0, ...firstLink.values());
    const backMs = hit.flatMap(({ client }) => back.get(client.user) ?? []).map((at) => at - diedAt);
    const closed = clients.filter(({ closeCode }) => closeCode !== undefined).length;
    const firstAck = spreadOf(acks.map(({ at }) => at - diedAt));
    const result = {
      death: options.death,
      users,
      usersOnVictim: hit.length,
      before: spreadOf(calm.map(({ at }) => at - calmAt)),
      detection: spreadOf(firstLink.values()),
      replacement: spreadOf(backMs.map((ms) => ms - detectedMs)),
      takeOver: spreadOf(takeOverTimes(hit, outcomes, back)),
      firstAck,
      attemptsMax: Math.max(0, ...acks.map(({ attempts }) => attempts)),
      refusals: countOf(acks.flatMap(({ refusals }) => refusals)),
      socketsClosed: closed,
      cpuS: Object.fromEntries(
        [...usedAfter].map(([role, seconds]) => [role, Math.max(0, seconds - (usedBefore.get(role) ?? 0))]),
      ),
    };
    return { ...result, demands: demandsOf(result, acks.length, lost, options) };
  } finally {
    await system.stop();
    await rm(data, { recursive: true, force: true });
  }
}

function demandsOf(
  { usersOnVictim, firstAck, socketsClosed }: Pick<Recovery, "usersOnVictim" | "firstAck" | "socketsClosed">,
  acked: number,
  lost: number,
  { boundMs }: RecoveryOptions,
): readonly Demand[] {
  return [
    {
      what: `all ${usersOnVictim} users of the dead chat server have their first ack within ${boundMs} ms`,
      found: `${acked} acked, the last after ${Math.round(firstAck.max)} ms`,
      holds: acked === usersOnVictim && firstAck.max <= boundMs,
    },
    { what: "no client socket is closed", found: `${socketsClosed} closed`, holds: socketsClosed === 0 },
    { what: "what was acked is in the log under its number", found: `${lost} are not`, holds: lost === 0 },
  ];
}

/** A few at a time, from room to room. */
async function warmUp(rooms: readonly RawRoom[], messages: number): Promise<void> {
  const list = Array.from({ length: messages }, (_, index) => index);
  await forEachLimited(list, 32, async (index) => {
    const room = rooms[index % rooms.length];
    const client = room?.members[Math.floor(index / rooms.length) % room.members.length];
    if (room !== undefined) await client?.sendUntilAcked(message(`warm-${index}`, room.channel));
  });
}

function message(id: string, channel: string): Fields {
  return { type: "send", id, channel, text: "a message of some sixty characters, as people write them" };
}

interface Hit {
  readonly client: RawClient;
  readonly channel: string;
}

async function countLost(
  rooms: readonly RawRoom[],
  hit: readonly Hit[],
  acks: readonly (Acked | undefined)[],
): Promise<number> {
  const logs = new Map<string, ReadonlyMap<number, string>>();
  await forEachLimited(rooms, 8, async ({ channel, members }) => {
    const reader = members.find(({ closeCode }) => closeCode === undefined);
    if (reader !== undefined) logs.set(channel, await readIds(reader, channel));
  });
  return hit.filter(({ client, channel }, index) => {
    const ack = acks[index];
    // Where all sockets of a room are gone nobody can look, and the socket count tells.
    return logs.has(channel) && ack !== undefined && logs.get(channel)?.get(ack.seq) !== `${client.user}/first`;
  }).length;
}

function takeOverTimes(
  hit: readonly Hit[],
  outcomes: readonly PromiseSettledResult<Acked>[],
  back: ReadonlyMap<string, number>,
): readonly number[] {
  return outcomes.flatMap((outcome, index) => {
    const backAt = back.get(hit[index]?.client.user ?? "");
    return outcome.status === "fulfilled" && backAt !== undefined ? [Math.max(0, outcome.value.at - backAt)] : [];
  });
}

function mostFrequent(values: Iterable<string>): string | undefined {
  return Object.entries(countOf(values)).sort(([, a], [, b]) => b - a)[0]?.[0];
}

function countOf(values: Iterable<string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

async function cpuByRole(processes: readonly SystemProcess[]): Promise<ReadonlyMap<string, number>> {
  const own = process.cpuUsage();
  const byRole = new Map([["clients", (own.user + own.system) / 1_000_000]]);
  for (const { role, pid } of processes) {
    byRole.set(role, (byRole.get(role) ?? 0) + (await cpuSeconds(pid).catch(() => 0)));
  }
  return byRole;
}

function timeOut(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref());
}
