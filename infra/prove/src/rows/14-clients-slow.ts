import type { Fleet } from "../fleet/fleet.ts";
import { openWitness, type Witness } from "../means/witness.ts";
import type { ClusterRow } from "../row.ts";
import type { Arena } from "../run/arena.ts";

const faultMs = 12_000;
const share = 0.25;
const paused = 500;
const openingMax = 25;
/** More than four times what a gateway may keep for one socket (1 MiB) were it all kept. */
const loudMessages = 560;
const textLength = 7_900;
const sayingMax = 8;
/** What a gateway may hold beyond what it held: a fraction of what was written to the five hundred. */
const rssMoreMaxBytes = 500 * 512 * 1024;
const hardBoundMs = 45_000;

export const row: ClusterRow = {
  number: 14,
  topology: "cluster",
  title: "clients half-open, reading 1 byte/s, and 500 that do not read at all",
  how:
    "A quarter of the clients of each gateway stand still in both directions without an end; then a quarter get one " +
    "byte a second. Then five hundred members of one channel stop reading, while more than four megabytes for each " +
    "are written there: what a gateway keeps for them is bounded, and they are told of the gap or are cut.",
  load: { users: 40, actionsPerS: 50 },
  async run(arena) {
    const { fleet, inject, pause } = arena;
    await pause(2_000);
    const ways = [
      { what: "a quarter of the clients half-open", change: { halfOpen: true, share } },
      { what: "a quarter of the clients read 1 byte a second", change: { down: { bytesPerS: 1 }, share } },
    ];
    for (const { what, change } of ways) {
      const fault = inject(what);
      for (const { front } of fleet.gateways) front?.set(change);
      await pause(faultMs);
      for (const { front } of fleet.gateways) front?.heal();
      fault.end();
      await pause(3_000);
    }
    await pauseMany(arena);
  },
};

async function pauseMany({ fleet, scene, random, inject, pause, require, figure, mark }: Arena<Fleet>): Promise<void> {
  const gateway = random.pick(fleet.gateways);
  const url = gateway.up.ws ?? "";
  const open = (user: string): Promise<Witness> =>
    openWitness(scene, { url, user, device: "witness", token: fleet.tokenOf(user) });
  const readers: Witness[] = [];
  const speaker = await open("loud");
  const users = Array.from({ length: paused }, (_, index) => `paused-${index}`);
  const asked = { type: "channel.create", id: "loud-room", kind: "group", members: users };
  const channel = String((await speaker.request(asked))["channel"]);
  for (let from = 0; from < paused; from += openingMax) {
    readers.push(...(await Promise.all(users.slice(from, from + openingMax).map(open))));
  }
  mark(`${readers.length} members of one channel are connected to ${gateway.name}`);
  const before = (await gateway.inspect()).rssBytes;
  const fault = inject(`${readers.length} clients of ${gateway.name} stop reading`);
  for (const reader of readers) reader.pause();
  let highest = before;
  const text = "x".repeat(textLength);
  for (let from = 0; from < loudMessages; from += sayingMax) {
    const ids = Array.from({ length: sayingMax }, (_, index) => `loud-${from + index}`);
    await Promise.all(ids.map((id) => speaker.request({ type: "send", id, channel, text })));
    if (from % (sayingMax * 10) === 0) highest = Math.max(highest, (await gateway.inspect()).rssBytes);
  }
  highest = Math.max(highest, (await gateway.inspect()).rssBytes);
  for (const reader of readers) reader.goOn();
  fault.end("they read again, those that were not cut");
  const head = speaker.at(channel);
  const end = scene.now() + hardBoundMs;
  while (readers.some((one) => one.isOpen && one.at(channel) < head) && scene.now() < end) await pause(250);
  const behind = readers.filter((one) => one.isOpen && one.at(channel) < head).length;
  const told = readers.filter(({ gaps }) => gaps > 0).length;
  const cut = readers.filter(({ isOpen }) => !isOpen).length;
  const more = Math.round((highest - before) / 1024 ** 2);
  figure("five hundred paused readers", `${told} told of a gap, ${cut} cut; ${more} MiB more in the gateway at most`);
  require("what is kept for paused readers is bounded", highest - before <= rssMoreMaxBytes, `${more} MiB more`);
  require("every paused reader was told of what it missed, or cut", behind === 0, `${behind} were neither`);
  for (const one of [speaker, ...readers]) one.end();
}
