import { setTimeout as pause } from "node:timers/promises";
import { residentBytes } from "../../../target/process-facts.ts";
import { collectGarbage } from "../../collect-garbage.ts";
import { type Generator, startGenerator } from "../../side-by-side/generator/start-generator.ts";
import { openingOrder } from "../../side-by-side/opening-order.ts";
import type { ParleySystem } from "../../side-by-side/systems.ts";
import { startBusyFleet } from "../measure/busy-fleet.ts";
import { lookAt, redisMemory, type Totals } from "../measure/look.ts";
import { idleOver, perSecond, restOver } from "../measure/window.ts";
import { type Held, type PeopleMeasures, reckonPeople } from "../reckon/people.ts";
import type { Stage, StageOptions } from "./stage.ts";

/** In no channel. */
const strangers = 2_000;
/** In channels of two, each time with somebody else. */
const friends = 300;
const channelsEach = 16;
/** The numbers of those who are in no channel begin here: rooms are made of the first ones. */
const strangersFrom = 10_000;
const warmersFrom = 50_000;
const warmers = 300;
const openingMax = 20;
/** Who left is announced offline after 5 s. */
const goneMs = 7_000;
/** What a connect leaves to be done. */
const tailMs = 1_000;
/** Pings go every 25 s, and each channel is compared with the store every 30 s: a window must hold one of each. */
const idleS = 30;
const emptyIdleS = 6;
const mebi = 1_048_576;

export const peopleStage: Stage = {
  name: "people",
  title: "what people take who are merely there, and who connect",
  gives: [
    "gatewayConnectMs",
    "gatewayIdleMs",
    "gatewayConnectionKib",
    "chatConnectMs",
    "chatChannelMs",
    "chatIdleMs",
    "chatSweepMs",
    "chatConnectionKib",
    "chatChannelKib",
    "redisConnectMs",
    "redisConnectionBytes",
    "mongoConnectMs",
    "mongoChannelMs",
    "mongoSweepMs",
  ],
  async measure(options) {
    return reckonPeople(await measurePeople(options));
  },
};

async function measurePeople({ say, repeats }: StageOptions): Promise<PeopleMeasures> {
  say(`people who are merely there: ${strangers} in no channel, ${friends} in ${channelsEach} each; MongoDB wire`);
  const system = await startBusyFleet({ gateways: 2, chatServers: 2, store: "mongodb", isInspectable: true });
  const open: Generator[] = [];
  const enter = async (from: number, members: number): Promise<Generator> => {
    const generator = startGenerator();
    open.push(generator);
    await generator.open(openingOrder(system, { from, members, roomSizes: [], openingMax }));
    return generator;
  };
  try {
    // Also makes the channels, whose coming is no part of a connect.
    const makers = startGenerator();
    open.push(makers);
    const order = openingOrder(system, { members: friends, roomSizes: [2], openingMax });
    await makers.open({ ...order, quietRooms: channelsEach - 1 });
    await makers.end();
    await (await enter(warmersFrom, warmers)).end();
    await pause(goneMs);
    const none = await holdingOf(system);
    const idleNone = await restOver(system, emptyIdleS);
    const connectsOf = async (from: number, members: number): Promise<Totals> => {
      const before = await lookAt(system);
      await enter(from, members);
      await pause(tailMs);
      const after = await lookAt(system);
      return netOf(perSecond(before, after), idleNone, (after.at - before.at) / 1_000 / members);
    };
    const ofStrangers = [await connectsOf(strangersFrom, strangers)];
    const withStrangers = await holdingOf(system);
    const idleStrangers = await idleOver(system, idleS);
    const ofFriends: Totals[] = [];
    for (let round = 1; round <= repeats; round++) {
      if (round > 1) {
        await open.at(-1)?.end();
        await pause(goneMs);
      }
      ofFriends.push(await connectsOf(0, friends));
    }
    const all = await holdingOf(system);
    const idleAll = await idleOver(system, idleS);
    return {
      strangers,
      friends,
      channelsEach,
      held: { none, strangers: withStrangers, all },
      idle: { none: idleNone, strangers: idleStrangers, all: idleAll },
      connects: { strangers: ofStrangers, friends: ofFriends },
    };
  } finally {
    await Promise.all(open.map((generator) => generator.end()));
    await system.stop();
  }
}

function netOf(rates: Totals, idle: Totals, factor: number): Totals {
  const net = Object.entries(rates).map(([name, value]) => [name, (value - idle[name as keyof Totals]) * factor]);
  return Object.fromEntries(net) as Totals;
}

async function holdingOf(system: ParleySystem): Promise<Held> {
  const own = (role: string) => system.processes.filter((process) => process.role === role);
  const processes = [...own("gateway"), ...own("chat-server")];
  await collectGarbage(
    system,
    processes.map(({ pid }) => pid),
  );
  const mib = async (role: string): Promise<number> => {
    const bytes = await Promise.all(own(role).map(({ pid }) => residentBytes(pid)));
    return bytes.reduce((sum, one) => sum + one, 0) / mebi;
  };
  return {
    gatewayMib: await mib("gateway"),
    chatMib: await mib("chat-server"),
    redisBytes: await redisMemory(system),
  };
}
