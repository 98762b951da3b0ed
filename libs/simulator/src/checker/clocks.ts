import type { History } from "../history/history.ts";
import type { ChannelLog } from "./channel-log.ts";

/** When each event was first proven to be in its log, and what somebody was told of heads. */
export interface Clocks {
  /** The first time that anybody was acked or shown this event; undefined for what nobody saw. */
  seenAt(channel: string, seq: number): number | undefined;
  /** The highest seq that anybody had been told of before then. */
  knownBefore(channel: string, at: number): number;
  /** The seq before the first event that was only sent later. */
  sentBefore(log: ChannelLog, at: number): number;
}

export function createClocks(history: History): Clocks {
  const seen = new Map<string, Map<number, number>>();
  const told: { readonly at: number; readonly channel: string; readonly seq: number }[] = [];
  const note = (channel: string, seq: number, at: number): void => {
    let times = seen.get(channel);
    if (times === undefined) {
      times = new Map();
      seen.set(channel, times);
    }
    const known = times.get(seq);
    if (known !== undefined && known <= at) return;
    times.set(seq, at);
    told.push({ at, channel, seq });
  };
  for (const { acks } of history.requests.values()) for (const { channel, seq, at } of acks) note(channel, seq, at);
  for (let index = 0; index < history.stream.length; index++) {
    const line = history.stream.line(index);
    if (line.line === "delivered") note(line.event.channel, line.event.seq, line.at);
    if (line.line === "gap") told.push({ at: line.at, channel: line.channel, seq: line.to });
  }
  for (const { page } of history.reads) {
    for (const event of page?.events ?? []) told.push({ at: page?.at ?? 0, channel: event.channel, seq: event.seq });
  }
  for (const { resumed } of history.connections.values()) {
    for (const [channel, seq] of Object.entries(resumed?.heads ?? {}))
      told.push({ at: resumed?.at ?? 0, channel, seq });
  }
  const growths = growthOf(told);

  return {
    seenAt: (channel, seq) => seen.get(channel)?.get(seq),
    knownBefore: (channel, at) => growths.get(channel)?.findLast((growth) => growth.at < at)?.seq ?? 0,
    sentBefore(log, at) {
      const later = log.read.find((event) => {
        const request = history.requests.get(`${event.sender}/${event.id ?? ""}`);
        return request !== undefined && request.attempts[0].invoke.at > at;
      });
      return later === undefined ? log.head : later.seq - 1;
    },
  };
}

interface Growth {
  readonly at: number;
  readonly seq: number;
}

/** By channel, each time when more was known than before. */
function growthOf(told: { readonly at: number; readonly channel: string; readonly seq: number }[]) {
  const growths = new Map<string, Growth[]>();
  for (const { at, channel, seq } of told.sort((a, b) => a.at - b.at)) {
    const growth = growths.get(channel);
    if (growth === undefined) growths.set(channel, [{ at, seq }]);
    else if (seq > (growth.at(-1)?.seq ?? 0)) growth.push({ at, seq });
  }
  return growths;
}
