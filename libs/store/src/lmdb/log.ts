import type { ChannelId, RequestId, Seq, UserId } from "@parley/protocol";
import { eventBytes, type PageLimit } from "../checks.ts";
import type { LogEvent, LogPage, OriginState, StoredEvent } from "../message-store.ts";
import { toStored } from "../origin.ts";
import type { Overlay } from "./overlay.ts";
import type { Tables } from "./tables.ts";

/** What reads of a log are answered from: what is durable, in the tables or on its way to them. */
export interface Log {
  readonly tables: Tables;
  readonly overlay: Overlay;
}

export function headOf({ tables, overlay }: Log, channel: ChannelId): Seq {
  tables.touch(1);
  return overlay.head(channel) ?? tables.heads.get(channel) ?? 0;
}

export function hasEvent({ tables, overlay }: Log, channel: ChannelId, seq: Seq): boolean {
  tables.touch(1);
  return overlay.findDurable(channel, seq) !== undefined || tables.events.doesExist([channel, seq]);
}

export function readEvent({ tables, overlay }: Log, channel: ChannelId, seq: Seq): StoredEvent | undefined {
  tables.touch(1);
  // The tables first: when both have it, they may have its text erased already.
  const event = tables.events.get([channel, seq]) ?? overlay.findDurable(channel, seq);
  return event === undefined ? undefined : withOrigin(tables, event);
}

export function requestSeq(
  { tables, overlay }: Log,
  channel: ChannelId,
  sender: UserId,
  id: RequestId,
): Seq | undefined {
  tables.touch(1);
  return overlay.findDurableRequest(channel, sender, id) ?? tables.requests.get([channel, sender, id]);
}

export function pageAfter(log: Log, channel: ChannelId, after: Seq, limit: PageLimit): LogPage {
  const head = headOf(log, channel);
  const events: StoredEvent[] = [];
  let bytes = 0;
  let seq = after;
  while (seq < head && events.length < limit.events && bytes < limit.bytesMax) {
    seq += 1;
    const stored = readEvent(log, channel, seq);
    if (stored === undefined) return { events, isEnd: true };
    events.push(stored);
    bytes += eventBytes(stored.event);
  }
  return { events, isEnd: seq >= head };
}

export function pageBefore(log: Log, channel: ChannelId, before: Seq, limit: PageLimit): LogPage {
  const events: StoredEvent[] = [];
  let bytes = 0;
  // What lies above the contiguous head is not yet part of the log (rule 2).
  let seq = Math.min(before - 1, headOf(log, channel));
  while (seq > 0 && events.length < limit.events && bytes < limit.bytesMax) {
    const stored = readEvent(log, channel, seq);
    if (stored === undefined) return { events: events.reverse(), isEnd: true };
    events.push(stored);
    bytes += eventBytes(stored.event);
    seq -= 1;
  }
  return { events: events.reverse(), isEnd: seq <= 0 };
}

export function findAbove({ tables, overlay }: Log, channel: ChannelId, head: Seq): Seq | undefined {
  tables.touch(1);
  const range = { start: [channel, head + 1] as [string, number], end: [channel, Infinity] as [string, number] };
  let lowest = overlay.findAbove(channel, head) ?? Infinity;
  for (const [, seq] of tables.events.getKeys({ ...range, limit: 1 })) lowest = Math.min(lowest, seq);
  return lowest === head + 1 || lowest === Infinity ? undefined : lowest;
}

function withOrigin(tables: Tables, event: LogEvent): StoredEvent {
  const key: [string, number] = [event.channel, event.seq];
  const record = tables.origins.get(key);
  if (record === undefined) return { event };
  return toStored(event, record, record.hasReactions === true ? readReactions(tables, key) : []);
}

function readReactions(tables: Tables, [channel, target]: [string, number]): NonNullable<OriginState["reactions"]> {
  const start: [string, number, string, string] = [channel, target, "", ""];
  const end: [string, number, string, string] = [channel, target + 1, "", ""];
  const found: NonNullable<OriginState["reactions"]>[number][] = [];
  for (const { key, value } of tables.reactions.getRange({ start, end })) {
    found.push({ user: key[2], emoji: JSON.parse(key[3]), seq: value.seq, remove: value.remove });
  }
  tables.touch(found.length);
  return found;
}
