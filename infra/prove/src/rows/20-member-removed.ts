import type { Fleet } from "../fleet/fleet.ts";
import { openWitness, type Witness } from "../means/witness.ts";
import type { ClusterRow } from "../row.ts";
import type { Arena } from "../run/arena.ts";

const rounds = 3;
const missedMessages = 90;
const loudMessages = 90;
const sayingMax = 15;
const laterMessages = 5;

export const row: ClusterRow = {
  number: 20,
  topology: "cluster",
  title: "member removed between publish and delivery, during resume, while lagging",
  how:
    "Redis is slow for the chat servers: a message is published, and before it arrives its reader is removed. A member " +
    "who was away comes back to ninety missed messages and is removed while they are read. A member who stopped " +
    "reading is removed in the midst of 700 KB. In each case the owner goes on speaking, and the one who was removed " +
    "must get nothing beyond the removal, and what came before in order or as a gap.",
  load: { users: 40, actionsPerS: 50 },
  async run(arena) {
    await arena.pause(2_000);
    for (let round = 0; round < rounds; round += 1) {
      const scene = await createPlot(arena, round);
      await betweenPublishAndDelivery(arena, scene);
      await duringResume(arena, scene);
      await whileLagging(arena, scene);
      scene.owner.end();
      scene.member.end();
    }
  },
};

/** Two people and a group of theirs, on different gateways. */
interface Plot {
  readonly owner: Witness;
  member: Witness;
  readonly channel: string;
  open(cursors?: Readonly<Record<string, number>>): Promise<Witness>;
  say(count: number, text: string): Promise<void>;
  /** For an invitation or a removal of the member. */
  ask(type: "channel.invite" | "channel.remove"): Promise<void>;
}

async function createPlot({ fleet, scene, random }: Arena<Fleet>, round: number): Promise<Plot> {
  const [here = "", there = ""] = random.sample(fleet.urls, 2);
  const user = `member-${round}`;
  const token = (one: string): string => fleet.tokenOf(one);
  const device = "w";
  const owner = await openWitness(scene, { url: here, user: `owner-${round}`, device, token: token(`owner-${round}`) });
  const open = (cursors = {}): Promise<Witness> =>
    openWitness(scene, { url: there, user, device, token: token(user), cursors });
  const member = await open();
  let ids = 0;
  const id = (): string => `plot-${ids++}`;
  const made = await owner.request({ type: "channel.create", id: id(), kind: "group", members: [user] });
  const channel = String(made["channel"]);
  return {
    owner,
    member,
    channel,
    open,
    async say(count, text) {
      for (let from = 0; from < count; from += sayingMax) {
        const some = Array.from({ length: Math.min(sayingMax, count - from) }, id);
        await Promise.all(some.map((one) => owner.request({ type: "send", id: one, channel, text: `${one} ${text}` })));
      }
    },
    async ask(type) {
      const answer = await owner.request({ type, id: id(), channel, user });
      if (answer["type"] !== "ack") throw new Error(`${type} was answered by ${JSON.stringify(answer)}`);
    },
  };
}

async function betweenPublishAndDelivery({ fleet, random, inject, pause }: Arena<Fleet>, plot: Plot): Promise<void> {
  const latencyMs = random.integer(100, 500);
  const fault = inject(`Redis slower by ${latencyMs} ms for chat servers; a member is removed right after a message`);
  for (const { redis } of fleet.chatServers) redis.set({ down: { latencyMs } });
  await Promise.all([plot.say(3, "just before"), pause(random.integer(0, 80)).then(() => plot.ask("channel.remove"))]);
  await plot.say(laterMessages, "not for the one who was removed");
  await pause(1_000);
  for (const { redis } of fleet.chatServers) redis.heal();
  fault.end();
}

async function duringResume({ random, strike, pause }: Arena<Fleet>, plot: Plot): Promise<void> {
  await plot.ask("channel.invite");
  await pause(500);
  const cursor = plot.member.at(plot.channel);
  plot.member.end();
  await plot.say(missedMessages, "while the member is away");
  strike("a member is removed while what was missed is read");
  const delayMs = random.integer(0, 60);
  const [member] = await Promise.all([
    plot.open({ [plot.channel]: cursor }),
    pause(delayMs).then(() => plot.ask("channel.remove")),
  ]);
  plot.member = member;
  await plot.say(laterMessages, "not for the one who was removed");
  await pause(1_000);
}

async function whileLagging({ random, inject, pause }: Arena<Fleet>, plot: Plot): Promise<void> {
  await plot.ask("channel.invite");
  await pause(500);
  const fault = inject("a member stops reading, and is removed meanwhile");
  plot.member.pause();
  await plot.say(loudMessages, "x".repeat(7_800));
  await plot.ask("channel.remove");
  await plot.say(laterMessages, "not for the one who was removed");
  await pause(random.integer(100, 1_500));
  plot.member.goOn();
  fault.end("the member reads again");
  await pause(2_000);
}
