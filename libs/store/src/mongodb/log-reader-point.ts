import type { ChannelId, RequestId, Seq, UserId } from "@parley/protocol";
import type { LimitFunction } from "p-limit";
import type { Collections } from "./collections.ts";
import { type EventDocument, eventKey } from "./documents.ts";
import type { LogReader, OnTouch } from "./log-reader.ts";
import type { RequestHints } from "./request-hints.ts";
import { SharedScan } from "./shared-scan.ts";

const gallopMax = 64;

/**
 * Point reads by `_id` alone: a log without holes is a set of known ids, so that no range is ever needed. For servers
 * that read a whole collection for anything else.
 */
export class PointReader implements LogReader {
  /** Few at first: who follows a log mostly finds nothing or one event. */
  readonly stepEvents: readonly [number, number] = [16, 64];
  readonly #events: Collections["events"];
  readonly #hints: RequestHints;
  readonly #limit: LimitFunction;
  readonly #onTouch: OnTouch;
  readonly #scan: SharedScan<EventDocument>;

  constructor(collections: Collections, hints: RequestHints, limit: LimitFunction, onTouch: OnTouch) {
    this.#events = collections.events;
    this.#hints = hints;
    this.#limit = limit;
    this.#onTouch = onTouch;
    this.#scan = new SharedScan((filters) => this.#events.find({ $or: [...filters] }).toArray());
  }

  async between(channel: ChannelId, from: Seq, to: Seq): Promise<readonly EventDocument[]> {
    return this.at(
      channel,
      Array.from({ length: to - from + 1 }, (_, index) => from + index),
    );
  }

  async at(channel: ChannelId, seqs: readonly Seq[]): Promise<readonly EventDocument[]> {
    const found = await Promise.all(seqs.map((seq) => this.#read(channel, seq)));
    return found.filter((document) => document !== undefined);
  }

  async contiguousAfter(channel: ChannelId, from: Seq): Promise<Seq> {
    let head = from;
    // One read when nothing is new, the usual case; then ever larger steps.
    for (let step = 1; ; step = Math.min(step * 4, gallopMax)) {
      const found = new Set((await this.between(channel, head + 1, head + step)).map(({ seq }) => seq));
      const before = head;
      while (found.has(head + 1)) head += 1;
      if (head - before < step) return head;
    }
  }

  async existing(events: readonly (readonly [ChannelId, Seq])[]): Promise<readonly ChannelId[]> {
    const found = await Promise.all(events.map(([channel, seq]) => this.#read(channel, seq)));
    return found.flatMap((document) => document?.channel ?? []);
  }

  /** A scan, shared by all who ask at the same time. */
  async nextAfter(channel: ChannelId, head: Seq): Promise<Seq | undefined> {
    const above = await this.#scan.find(
      { channel, seq: { $gt: head } },
      (document) => document.channel === channel && document.seq > head,
    );
    return above.length === 0 ? undefined : above.reduce((least, { seq }) => Math.min(least, seq), Number.MAX_VALUE);
  }

  async findByRequest(channel: ChannelId, sender: UserId, id: RequestId): Promise<EventDocument | undefined> {
    const isIt = (document: EventDocument) =>
      document.channel === channel && document.sender === sender && document.id === id;
    const hint = await this.#limit(() => this.#hints.find(channel, sender, id));
    if (hint !== undefined) {
      const document = await this.#read(channel, hint);
      if (document !== undefined && isIt(document)) return document;
    }
    // No hint proves nothing: the process that appended may have died before it wrote one.
    const [document] = await this.#scan.find({ channel, sender, id }, isIt);
    return document;
  }

  #read(channel: ChannelId, seq: Seq): Promise<EventDocument | undefined> {
    return this.#limit(async () => {
      this.#onTouch(1);
      // A filter of exactly one key: with any other, FerretDB reads all.
      const [document] = await this.#events
        .find({ _id: eventKey(channel, seq) })
        .limit(1)
        .toArray();
      return document;
    });
  }
}
