import type { ChannelId, RequestId, Seq, UserId } from "@parley/protocol";
import type { Collection } from "mongodb";
import { type EventDocument, eventKey } from "./documents.ts";
import type { LogReader, OnTouch } from "./log-reader.ts";

const headStep = 1_000;

/** Ranges of the index {channel, seq}: one command a step, sent to the one shard that has the channel. */
export class RangeReader implements LogReader {
  readonly stepEvents: readonly [number, number] = [250, 250];
  readonly #events: Collection<EventDocument>;
  readonly #onTouch: OnTouch;

  constructor(events: Collection<EventDocument>, onTouch: OnTouch) {
    this.#events = events;
    this.#onTouch = onTouch;
  }

  async between(channel: ChannelId, from: Seq, to: Seq): Promise<readonly EventDocument[]> {
    const inRange = { channel, seq: { $gte: from, $lte: to } };
    const limit = to - from + 1;
    const found = await this.#events
      .find(inRange)
      .sort({ seq: 1 })
      .limit(limit)
      .batchSize(limit + 1)
      .toArray();
    this.#onTouch(found.length);
    return found;
  }

  async at(channel: ChannelId, seqs: readonly Seq[]): Promise<readonly EventDocument[]> {
    const found = await this.#events.find({ channel, seq: { $in: [...seqs] } }).toArray();
    this.#onTouch(found.length);
    return found;
  }

  async contiguousAfter(channel: ChannelId, from: Seq): Promise<Seq> {
    let head = from;
    for (;;) {
      const above = { channel, seq: { $gt: head } };
      const seqs = this.#events.find(above).project<{ seq: Seq }>({ _id: 0, seq: 1 }).sort({ seq: 1 }).limit(headStep);
      const before = head;
      const found = await seqs.toArray();
      this.#onTouch(found.length);
      for (const { seq } of found) {
        if (seq !== head + 1) return head;
        head = seq;
      }
      if (head - before < headStep) return head;
    }
  }

  async existing(events: readonly (readonly [ChannelId, Seq])[]): Promise<readonly ChannelId[]> {
    const ids = events.map(([channel, seq]) => eventKey(channel, seq));
    const found = await this.#events
      .find({ _id: { $in: ids } })
      .project<{ channel: ChannelId }>({ channel: 1 })
      .toArray();
    this.#onTouch(found.length);
    return found.map(({ channel }) => channel);
  }

  async nextAfter(channel: ChannelId, head: Seq): Promise<Seq | undefined> {
    const above = { channel, seq: { $gt: head } };
    const [next] = await this.#events.find(above).project<{ seq: Seq }>({ seq: 1 }).sort({ seq: 1 }).limit(1).toArray();
    this.#onTouch(1);
    return next?.seq;
  }

  async findByRequest(channel: ChannelId, sender: UserId, id: RequestId): Promise<EventDocument | undefined> {
    this.#onTouch(1);
    return (await this.#events.findOne({ channel, sender, id })) ?? undefined;
  }
}
