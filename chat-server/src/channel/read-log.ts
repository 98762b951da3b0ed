import type { ChannelId, Seq } from "@parley/protocol";
import type { ChannelSummary, LogEvent, MessageStore, StoredEvent } from "@parley/store";
import { ChannelFold, isControl } from "./fold.ts";
import type { LoadedLog } from "./known-log.ts";

/** Control events walked back beyond which a snapshot of the fold is worth keeping. */
export const snapshotEvery = 64;

export interface ReadState {
  readonly head: Seq;
  readonly time: number;
  readonly ordinal: number;
  readonly fold: ChannelFold;
  /** Effects of events up to here are at their origins. */
  readonly applied: Seq;
  /** Control events that had to be walked. */
  readonly walked: number;
}

/**
 * Reads where a log stands: its contiguous head and the fold of its membership. Few reads however long the log: the
 * control events form a chain, and a snapshot cuts it short.
 * **Errors**: StoreError.
 */
export async function readState(store: MessageStore, channel: ChannelId): Promise<ReadState> {
  const [summaries, head] = await Promise.all([store.readSummaries([channel]), store.head(channel)]);
  return readStateAt(store, channel, head, summaries.get(channel));
}

async function readStateAt(
  store: MessageStore,
  channel: ChannelId,
  head: Seq,
  summary: ChannelSummary | undefined,
): Promise<ReadState> {
  const applied = Math.min(summary?.applied ?? 0, head);
  if (head === 0) return { head, time: 0, ordinal: 0, fold: new ChannelFold(), applied, walked: 0 };
  const [last] = await store.readAt(channel, [head]);
  if (last === undefined) throw new Error(`channel ${channel}: its head ${head} could not be read`);
  const { fold, walked } = await foldAt(store, channel, last.event, summary);
  return { head, time: last.event.time, ordinal: last.event.ordinal, fold, applied, walked };
}

async function foldAt(
  store: MessageStore,
  channel: ChannelId,
  last: LogEvent,
  summary: ChannelSummary | undefined,
): Promise<{ fold: ChannelFold; walked: number }> {
  const kept = summary?.snapshot;
  const snapshot = kept !== undefined && kept.seq <= last.seq ? ChannelFold.fromJson(kept.seq, kept.json) : undefined;
  const chain: LogEvent[] = [];
  let seq = isControl(last.body) ? last.seq : last.control;
  const floor = snapshot?.lastControl ?? 0;
  while (seq > floor) {
    const event = seq === last.seq ? last : (await store.readAt(channel, [seq]))[0]?.event;
    if (event === undefined) throw new Error(`channel ${channel}: control event ${seq} could not be read`);
    chain.push(event);
    seq = event.control;
  }
  if (snapshot !== undefined && seq !== floor) {
    // The chain passes the snapshot by: it was taken of another log (a store restored since). Only the log decides.
    return foldAt(store, channel, last, undefined);
  }
  const fold = snapshot ?? new ChannelFold();
  for (const event of chain.reverse()) fold.apply(event);
  fold.seq = last.seq;
  return { fold, walked: chain.length };
}

/** What a sequencer needs to take a channel over: as {@link readState}, with the tail and what lies above a hole. */
export async function readForTakeOver(
  store: MessageStore,
  channel: ChannelId,
  tailEvents: number,
): Promise<{ loaded: LoadedLog; state: ReadState }> {
  const state = await readState(store, channel);
  const { head, time, ordinal, fold } = state;
  const [tail, aboveHole] = await Promise.all([
    head === 0 ? [] : store.readBefore(channel, head + 1, { events: tailEvents }).then((page) => page.events),
    store.findAboveHole(channel, head),
  ]);
  return { loaded: { head, time, ordinal, fold, tail, aboveHole }, state };
}

/** Everything after `after`, page by page, up to `max` events. */
export async function readAll(
  store: MessageStore,
  channel: ChannelId,
  after: Seq,
  max: number,
): Promise<{ events: readonly StoredEvent[]; isEnd: boolean }> {
  const events: StoredEvent[] = [];
  for (;;) {
    const page = await store.readAfter(channel, after + events.length, {
      events: Math.min(1_000, max - events.length),
    });
    events.push(...page.events);
    if (page.isEnd || page.events.length === 0) return { events, isEnd: true };
    if (events.length >= max) return { events, isEnd: false };
  }
}
