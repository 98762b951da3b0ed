import type { Totals } from "../measure/look.ts";
import type { Finding, Findings } from "../names.ts";
import { findingOf, show } from "./finding.ts";
import { spreadOver } from "./messages.ts";

/** What a look tells beside the totals, after garbage was collected: what people hold, and not what their coming left behind. */
export interface Held {
  readonly gatewayMib: number;
  readonly chatMib: number;
  readonly redisBytes: number;
}

export interface PeopleMeasures {
  readonly strangers: number;
  readonly friends: number;
  readonly channelsEach: number;
  readonly held: { readonly none: Held; readonly strangers: Held; readonly all: Held };
  /** A second. */
  readonly idle: { readonly none: Totals; readonly strangers: Totals; readonly all: Totals };
  /** What a connect took in all, idling left out; by round. */
  readonly connects: { readonly strangers: readonly Totals[]; readonly friends: readonly Totals[] };
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
  const each = (of: readonly Totals[], name: keyof Totals): readonly number[] => of.map((totals) => totals[name]);
  const plain = `CPU over ${strangers} connects of people in no channel, and a second after; idling left out`;
  const more = `CPU over ${friends} connects of people in ${channelsEach} channels, less as many in none, by channel`;
  const seenOf = (name: keyof Totals): string => {
    const list = (of: readonly Totals[]): string => each(of, name).map(show).join(" and ");
    return `${list(connects.strangers)} ms in none, ${list(connects.friends)} ms in ${channelsEach} channels`;
  };
  const connect = (name: keyof Totals): Finding => findingOf(each(connects.strangers, name), plain, seenOf(name));
  const channel = (name: keyof Totals): Finding => {
    const base = mean(each(connects.strangers, name));
    return findingOf(
      each(connects.friends, name).map((ms) => (ms - base) / channelsEach),
      more,
      seenOf(name),
    );
  };
  return {
    gatewayConnectMs: findingOf(
      [...each(connects.strangers, "gatewayCpuMs"), ...each(connects.friends, "gatewayCpuMs")],
      `CPU over connects and a second after, idling left out; channels made no difference that counts`,
      seenOf("gatewayCpuMs"),
    ),
    chatConnectMs: connect("chatCpuMs"),
    chatChannelMs: channel("chatCpuMs"),
    redisConnectMs: connect("redisCpuMs"),
    mongoConnectMs: connect("storeCpuMs"),
    mongoChannelMs: channel("storeCpuMs"),
  };
}

function reckonIdling({ strangers, friends, channelsEach, idle }: PeopleMeasures): Findings {
  // Some of the channels' two members are on one server, which then compares the channel once for both.
  const heads = ((friends * channelsEach) / 2) * spreadOver(chatServers, 2);
  const plain = `CPU in 30 s without work at ${strangers} connections, less that without any: pings every 25 s`;
  const sweep = `CPU in 30 s without work with some ${Math.round(heads)} channels held, less that without, by head compared`;
  const seenOf = (name: keyof Totals): string => {
    return `${show(idle.none[name])}, ${show(idle.strangers[name])} and ${show(idle.all[name])} ms/s: nobody, in no channel, those and people in channels`;
  };
  const connection = (name: keyof Totals): number => (idle.strangers[name] - idle.none[name]) / strangers;
  const head = (name: keyof Totals): Finding => {
    const net = idle.all[name] - idle.strangers[name] - Math.max(0, connection(name)) * friends;
    return findingOf([net / (heads / sweepS)], sweep, seenOf(name));
  };
  return {
    gatewayIdleMs: findingOf([connection("gatewayCpuMs")], plain, seenOf("gatewayCpuMs")),
    chatIdleMs: findingOf([connection("chatCpuMs")], plain, seenOf("chatCpuMs")),
    chatSweepMs: head("chatCpuMs"),
    mongoSweepMs: head("storeCpuMs"),
  };
}

function reckonMemory({ strangers, friends, channelsEach, held }: PeopleMeasures): Findings {
  const how = `resident memory of all processes of the role at ${strangers} connections, less that at none, each after a full collection`;
  const mib = (role: "gatewayMib" | "chatMib"): string => {
    return `${show(held.none[role])}, ${show(held.strangers[role])} and ${show(held.all[role])} MiB: nobody, in no channel, those and people in channels`;
  };
  const connection = (role: "gatewayMib" | "chatMib"): number => {
    return ((held.strangers[role] - held.none[role]) * kibi) / strangers;
  };
  const ofFriends = (held.all.chatMib - held.strangers.chatMib) * kibi - connection("chatMib") * friends;
  const redis = [(held.strangers.redisBytes - held.none.redisBytes) / strangers];
  return {
    gatewayConnectionKib: findingOf([connection("gatewayMib")], how, mib("gatewayMib")),
    chatConnectionKib: findingOf([connection("chatMib")], how, mib("chatMib")),
    chatChannelKib: findingOf(
      [ofFriends / (friends * channelsEach)],
      `the same for ${friends} connections in ${channelsEach} channels, less as many in none, by channel`,
      mib("chatMib"),
    ),
    redisConnectionBytes: findingOf(
      redis,
      `used_memory of Redis at ${strangers} connections, less that at none`,
      `${show(held.none.redisBytes)} and ${show(held.strangers.redisBytes)} bytes`,
    ),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
