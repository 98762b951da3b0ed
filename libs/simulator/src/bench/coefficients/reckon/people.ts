import type { Totals } from "../measure/look.ts";
import type { Finding, Findings } from "../names.ts";
import { findingOf, show } from "./finding.ts";
import { spreadOver } from "./messages.ts";

/** Of all processes of a role, after a full collection. */
export interface Memory {
  readonly residentMib: number;
  /** Heap and buffers. */
  readonly usedMib: number;
}

export interface Held {
  readonly gateway: Memory;
  readonly chat: Memory;
  readonly redisBytes: number;
}

export interface PeopleMeasures {
  readonly strangers: number;
  readonly friends: number;
  readonly channelsEach: number;
  /** The first who came; with strangers; with channels made and friends gone again; with friends back. */
  readonly held: { readonly first: Held; readonly strangers: Held; readonly without: Held; readonly with: Held };
  /** A second. */
  readonly idle: { readonly first: Totals; readonly strangers: Totals; readonly all: Totals };
  /**
   * What a connect took in all, idling left out: of friends whose channels their chat servers did not hold any more, and (by
   * round) still held.
   */
  readonly connects: { readonly strangers: Totals; readonly cold: Totals; readonly warm: readonly Totals[] };
}

const chatServers = 2;
/** Each chat server compares each channel that it holds with the store so often. **Source**: headWatchTimes.sweepMs. */
const sweepS = 30;
const kibi = 1_024;

/** People in no channel give the cost of a connection; people in channels what is above that, by channel. */
export function reckonPeople(measures: PeopleMeasures): Findings {
  return { ...reckonConnects(measures), ...reckonIdling(measures), ...reckonMemory(measures) };
}

function reckonConnects({ strangers, friends, channelsEach, connects }: PeopleMeasures): Findings {
  const plain = `CPU over ${strangers} connects of people in no channel, and a second after; idling left out`;
  const more = `CPU over ${friends} connects of people in ${channelsEach} channels, less as many in none, by channel`;
  const find = (name: keyof Totals) => {
    const base = connects.strangers[name];
    const warm = connects.warm.map((totals) => totals[name]);
    const seen = `${show(base)} ms in none; in ${channelsEach} channels ${show(connects.cold[name])} ms where the servers did not hold them, ${warm.map(show).join(" and ")} ms where they did`;
    const channel = (of: readonly number[]): Finding => {
      return findingOf(
        of.map((ms) => (ms - base) / channelsEach),
        more,
        seen,
      );
    };
    return {
      connect: findingOf([base], plain, seen),
      warm: channel(warm),
      cold: channel([connects.cold[name]]),
      all: channel([connects.cold[name], ...warm]),
    };
  };
  const [gateway, chat] = [find("gatewayCpuMs"), find("chatCpuMs")];
  const [redis, store] = [find("redisCpuMs"), find("storeCpuMs")];
  return {
    gatewayConnectMs: gateway.connect,
    gatewayChannelMs: gateway.all,
    chatConnectMs: chat.connect,
    chatChannelMs: chat.warm,
    chatColdChannelMs: chat.cold,
    redisConnectMs: redis.connect,
    redisChannelMs: redis.all,
    mongoConnectMs: store.connect,
    mongoChannelMs: store.warm,
    mongoColdChannelMs: store.cold,
  };
}

function reckonIdling({ strangers, friends, channelsEach, idle }: PeopleMeasures): Findings {
  // Some of the channels' two members are on one server, which then compares the channel once for both.
  const heads = ((friends * channelsEach) / 2) * spreadOver(chatServers, 2);
  const plain = `CPU in 30 s without work at ${strangers} connections more, less that without them: pings every 25 s`;
  const sweep = `CPU in 30 s without work with some ${Math.round(heads)} channels held, less that without, by head compared`;
  const seenOf = (name: keyof Totals): string => {
    const states = [idle.first, idle.strangers, idle.all].map((totals) => show(totals[name]));
    return `${states.join(", ")} ms/s: the first, with ${strangers} more in no channel, with ${friends} in channels`;
  };
  const each = (name: keyof Totals): number => (idle.strangers[name] - idle.first[name]) / strangers;
  const connection = (name: keyof Totals): Finding => findingOf([each(name)], plain, seenOf(name));
  const head = (name: keyof Totals): Finding => {
    const net = idle.all[name] - idle.strangers[name] - Math.max(0, each(name)) * friends;
    return findingOf([net / (heads / sweepS)], sweep, seenOf(name));
  };
  return {
    gatewayIdleMs: connection("gatewayCpuMs"),
    chatIdleMs: connection("chatCpuMs"),
    chatSweepMs: head("chatCpuMs"),
    mongoIdleMs: connection("storeCpuMs"),
    mongoSweepMs: head("storeCpuMs"),
  };
}

function reckonMemory({ strangers, friends, channelsEach, held }: PeopleMeasures): Findings {
  const how = `resident memory of all processes of the role with ${strangers} connections more, less that before, each after a full collection`;
  const connection = (role: "gateway" | "chat"): Finding => {
    const [before, after] = [held.first[role], held.strangers[role]];
    const seen = `${show(before.residentMib)} and ${show(after.residentMib)} MiB resident, ${show(before.usedMib)} and ${show(after.usedMib)} MiB in heap and buffers`;
    const resident = after.residentMib - before.residentMib;
    // A process that gave pages back meanwhile holds no less for it.
    const grown = Math.max(resident, after.usedMib - before.usedMib);
    return findingOf([(grown * kibi) / strangers], `${how}; heap and buffers where that is more`, seen);
  };
  const own = (held.strangers.chat.usedMib - held.first.chat.usedMib) / strangers;
  const ofChannels = held.with.chat.usedMib - held.without.chat.usedMib - own * friends;
  return {
    gatewayConnectionKib: connection("gateway"),
    chatConnectionKib: connection("chat"),
    chatChannelKib: findingOf(
      [(ofChannels * kibi) / (friends * channelsEach)],
      `heap and buffers of chat servers after a full collection, with ${friends} people in ${channelsEach} channels and without, by connection and channel`,
      `${show(held.without.chat.usedMib)} and ${show(held.with.chat.usedMib)} MiB`,
    ),
    redisConnectionBytes: findingOf(
      [(held.strangers.redisBytes - held.first.redisBytes) / strangers],
      `used_memory of Redis with ${strangers} connections more, less that before`,
      `${show(held.first.redisBytes)} and ${show(held.strangers.redisBytes)} bytes`,
    ),
  };
}
