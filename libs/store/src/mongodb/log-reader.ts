import type { ChannelId, RequestId, Seq, UserId } from "@parley/protocol";
import type { EventDocument } from "./documents.ts";

/**
 * How documents of a log are looked up. Two ways, since servers differ in what they look up without reading a whole
 * collection: {@link RangeReader} (MongoDB), {@link PointReader} (FerretDB).
 */
export interface LogReader {
  /** How many events a page asks for in its first step, and in each later one. */
  readonly stepEvents: readonly [first: number, later: number];
  /** Those of from..to that exist, by ascending seq; asked for in steps. */
  between(channel: ChannelId, from: Seq, to: Seq): Promise<readonly EventDocument[]>;
  /** Those of the named events that exist, in any order. */
  at(channel: ChannelId, seqs: readonly Seq[]): Promise<readonly EventDocument[]>;
  /** The largest n for which from+1..n exist without a hole; `from` when from+1 does not. */
  contiguousAfter(channel: ChannelId, from: Seq): Promise<Seq>;
  /** Which of these events exist. */
  existing(events: readonly (readonly [ChannelId, Seq])[]): Promise<readonly ChannelId[]>;
  /** The least seq present above `head`. */
  nextAfter(channel: ChannelId, head: Seq): Promise<Seq | undefined>;
  findByRequest(channel: ChannelId, sender: UserId, id: RequestId): Promise<EventDocument | undefined>;
}

/** Counts documents asked for, for tests of cost. */
export type OnTouch = (documents: number) => void;
