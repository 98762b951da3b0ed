import type { ChannelId, RequestId, Seq, UserId } from "@parley/protocol";
import { eventBytes, type PageLimit } from "../checks.ts";
import type { AppendOutcome, LogEvent, LogPage, OriginState, StoredEvent } from "../message-store.ts";
import { toStored } from "../origin.ts";
import type { Tables } from "./tables.ts";

const asNew = { noOverwrite: true } as const;

/** lmdb declares nothing where it returns whether the entry was new. **Source**: lmdb 3.5, write.js, putSync. */
function isPut(outcome: unknown): boolean {
  return outcome === true;
}

/** Inside a write transaction. */
export function appendRun(tables: Tables, channel: ChannelId, events: readonly LogEvent[]): AppendOutcome {
  const before = headOf(tables, channel);
  let outcome: AppendOutcome = { kind: "appended" };
  let head = before;
  for (const [at, event] of events.entries()) {
    const { seq, sender, id } = event;
    // LMDB looks and writes in one walk down its tree; a look of our own would be a second one.
    if (!isPut(tables.events.putSync([channel, seq], event, asNew))) {
      outcome = { kind: "refused", at };
      break;
    }
    if (!isPut(tables.requests.putSync([channel, sender, id], seq, asNew))) {
      tables.events.removeSync([channel, seq]);
      outcome = { kind: "refused", at };
      break;
    }
    if (seq === head + 1) head = seq;
  }
  moveHead(tables, channel, before, head);
  return outcome;
}

/** From `reached`, which is contiguous: walks only over what lay above a hole that was filled just now. */
function moveHead(tables: Tables, channel: ChannelId, before: Seq, reached: Seq): void {
  let head = reached;
  while (tables.events.doesExist([channel, head + 1])) head += 1;
  tables.touch(head - before + 1);
  if (head !== before) tables.heads.putSync(channel, head);
}

export function headOf(tables: Tables, channel: ChannelId): Seq {
  tables.touch(1);
  return tables.heads.get(channel) ?? 0;
}

export function hasEvent(tables: Tables, channel: ChannelId, seq: Seq): boolean {
  tables.touch(1);
  return tables.events.doesExist([channel, seq]);
}

export function readEvent(tables: Tables, channel: ChannelId, seq: Seq): StoredEvent | undefined {
  tables.touch(1);
  const event = tables.events.get([channel, seq]);
  return event === undefined ? undefined : withOrigin(tables, event);
}

export function requestSeq(tables: Tables, channel: ChannelId, sender: UserId, id: RequestId): Seq | undefined {
  tables.touch(1);
  return tables.requests.get([channel, sender, id]);
}

export function pageAfter(tables: Tables, channel: ChannelId, after: Seq, limit: PageLimit): LogPage {
  const head = headOf(tables, channel);
  const events: StoredEvent[] = [];
  let bytes = 0;
  let seq = after;
  while (seq < head && events.length < limit.events && bytes < limit.bytesMax) {
    seq += 1;
    const stored = readEvent(tables, channel, seq);
    if (stored === undefined) return { events, isEnd: true };
    events.push(stored);
    bytes += eventBytes(stored.event);
  }
  return { events, isEnd: seq >= head };
}

export function pageBefore(tables: Tables, channel: ChannelId, before: Seq, limit: PageLimit): LogPage {
  const events: StoredEvent[] = [];
  let bytes = 0;
  // What lies above the contiguous head is not yet part of the log (rule 2).
  let seq = Math.min(before - 1, headOf(tables, channel));
  while (seq > 0 && events.length < limit.events && bytes < limit.bytesMax) {
    const stored = readEvent(tables, channel, seq);
    if (stored === undefined) return { events: events.reverse(), isEnd: true };
    events.push(stored);
    bytes += eventBytes(stored.event);
    seq -= 1;
  }
  return { events: events.reverse(), isEnd: seq <= 0 };
}

export function findAbove(tables: Tables, channel: ChannelId, head: Seq): Seq | undefined {
  tables.touch(1);
  const range = { start: [channel, head + 1] as [string, number], end: [channel, Infinity] as [string, number] };
  for (const key of tables.events.getKeys({ ...range, limit: 1 })) {
    return key[1] === head + 1 ? undefined : key[1];
  }
  return undefined;
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
