import { setTimeout as pause } from "node:timers/promises";
import { isFields } from "../../../history/content.ts";
import { openInspectors } from "../../inspectors.ts";
import { type Generator, startGenerator } from "../../side-by-side/generator/start-generator.ts";
import { openingOrder } from "../../side-by-side/opening-order.ts";
import type { ParleySystem } from "../../side-by-side/systems.ts";
import { startBusyFleet } from "../measure/busy-fleet.ts";
import { lookAt, redisMemory, type Totals } from "../measure/look.ts";
import { idleOver, mapTotals, minus, perSecond } from "../measure/window.ts";
import { type Held, type Memory, type PeopleMeasures, reckonPeople } from "../reckon/people.ts";
import type { Stage, StageOptions } from "./stage.ts";

/** Who comes first and stays: what a process grows once, and code that is not compiled yet, are theirs. */
const first = 600;
/** In no channel. */
const strangers = 2_400;
/** In channels of two, each time with somebody else. */
const friends = 300;
const channelsEach = 16;
/** Numbers of people: rooms are made of those from 0 on. */
const firstFrom = 50_000;
const strangersFrom = 10_000;
const openingMax = 20;
/** Who left is announced offline after 5 s. */
const goneMs = 7_000;
/** A chat server holds a channel for 15 s after the last of its people there has gone. */
const forgottenMs = 18_000;
/** Of people who are back before that. */
const awayMs = 3_000;
/** What a connect leaves to be done. */
const tailMs = 1_000;
/** Pings go every 25 s, and each channel is compared with the store every 30 s: a window must hold one of each. */
const idleS = 30;
const mebi = 1_048_576;

export const peopleStage: Stage = {
  name: "people",
  title: "what people take who are merely there, and who connect",
  gives: [
    "gatewayConnectMs",
    "gatewayChannelMs",
    "gatewayIdleMs",
    "gatewayConnectionKib",
    "chatConnectMs",
    "chatChannelMs",
    "chatColdChannelMs",
    "chatIdleMs",
    "chatSweepMs",
    "chatConnectionKib",
    "chatChannelKib",
    "redisConnectMs",
    "redisChannelMs",
    "redisConnectionBytes",
    "mongoConnectMs",
    "mongoChannelMs",
    "mongoColdChannelMs",
    "mongoIdleMs",
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
  const connect = async (from: number, members: number, idle: Totals) => {
    const before = await lookAt(system);
    const generator = await enter(from, members);
    await pause(tailMs);
    const after = await lookAt(system);
    const net = minus(perSecond(before, after), idle);
    const seconds = (after.at - before.at) / 1_000;
    return { generator, each: mapTotals((name) => (net[name] * seconds) / members) };
  };
  try {
    await enter(firstFrom, first);
    await pause(goneMs);
    const heldFirst = await holdingOf(system);
    const idleFirst = await idleOver(system, idleS);
    const { each: ofStrangers } = await connect(strangersFrom, strangers, idleFirst);
    const heldStrangers = await holdingOf(system);
    const idleStrangers = await idleOver(system, idleS);
    await makeChannels(system);
    await pause(forgottenMs);
    const heldWithout = await holdingOf(system);
    let { generator, each } = await connect(0, friends, idleStrangers);
    const cold = each;
    const warm: Totals[] = [];
    for (let round = 1; round <= repeats; round++) {
      await generator.end();
      await pause(awayMs);
      ({ generator, each } = await connect(0, friends, idleStrangers));
      warm.push(each);
    }
    const heldWith = await holdingOf(system);
    return {
      strangers,
      friends,
      channelsEach,
      held: { first: heldFirst, strangers: heldStrangers, without: heldWithout, with: heldWith },
      idle: { first: idleFirst, strangers: idleStrangers, all: await idleOver(system, idleS) },
      connects: { strangers: ofStrangers, cold, warm },
    };
  } finally {
    await Promise.all(open.map((generator) => generator.end()));
    await system.stop();
  }
}

/** By a generator that goes again: a channel's coming is no part of a connect. */
async function makeChannels(system: ParleySystem): Promise<void> {
  const makers = startGenerator();
  try {
    const order = openingOrder(system, { members: friends, roomSizes: [2], openingMax });
    await makers.open({ ...order, quietRooms: channelsEach - 1 });
  } finally {
    await makers.end();
  }
}

/** After each process was made to collect all garbage: what people hold, and not what their coming left behind. */
async function holdingOf(system: ParleySystem): Promise<Held> {
  const memoryOf = async (role: string): Promise<Memory> => {
    const own = system.processes.filter((process) => process.role === role);
    const inspectors = await openInspectors(
      system,
      own.map(({ pid }) => pid),
    );
    let [residentMib, usedMib] = [0, 0];
    for (const inspector of inspectors) {
      // Twice, since finalizers of the first round free more for the second.
      for (let round = 0; round < 2; round++) await inspector.call("HeapProfiler.collectGarbage");
      const usage = await inspector.evaluate("process.memoryUsage()");
      if (!isFields(usage)) throw new Error("a process does not tell its memory");
      residentMib += Number(usage["rss"]) / mebi;
      usedMib += (Number(usage["heapUsed"]) + Number(usage["external"])) / mebi;
      inspector.close();
    }
    return { residentMib, usedMib };
  };
  return {
    gateway: await memoryOf("gateway"),
    chat: await memoryOf("chat-server"),
    redisBytes: await redisMemory(system),
  };
}
