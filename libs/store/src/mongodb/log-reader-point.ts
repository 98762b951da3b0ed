import type { ChannelId, RequestId, Seq, UserId } from "@parley/protocol";
import type { LimitFunction } from "p-limit";
import { claimedSeqs, claimKey } from "./claims.ts";
import type { Collections } from "./collections.ts";
import { type EventDocument, eventKey } from "./documents.ts";
import type { LogReader, OnTouch } from "./log-reader.ts";
import { SharedScan } from "./shared-scan.ts";

const gallopMax = 64;
/** How far above a head holes are looked for when nothing hints at one. */
const probedAbove = 32;

/**
 * Point reads by `_id` alone: a log without holes is a set of known ids, so that no range is ever needed. For servers
 * that read a whole collection for anything else.
 */
export class PointReader implements LogReader {
  /** Few at first: who follows a log mostly finds nothing or one event, and each that is asked for costs a command. */
  readonly stepEvents: readonly [number, number] = [2, 64];
  readonly #collections: Collections;
  readonly #limit: LimitFunction;
  readonly #onTouch: OnTouch;
  readonly #scan: SharedScan<EventDocument>;

  constructor(collections: Collections, limit: LimitFunction, onTouch: OnTouch) {
    this.#collections = collections;
    this.#limit = limit;
    this.#onTouch = onTouch;
    this.#scan = new SharedScan((filters) => collections.events.find({ $or: [...filters] }).toArray());
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

  /**
   * Looks at the seqs just above, and farther only when the written watermark says that there was more: a hole without
   * that is too narrow for a watermark to lie above it. Then a scan, shared by all who ask at the same time.
   */
  async nextAfter(channel: ChannelId, head: Seq): Promise<Seq | undefined> {
    const near = await this.between(channel, head + 1, head + probedAbove);
    if (near.length > 0) return leastSeq(near);
    const [summary] = await this.#limit(() => this.#collections.channels.find({ _id: channel }).limit(1).toArray());
    if ((summary?.verified ?? 0) <= head) return undefined;
    return leastSeq(
      await this.#scan.find(
        { channel, seq: { $gt: head } },
        (document) => document.channel === channel && document.seq > head,
      ),
    );
  }

  async findByRequest(channel: ChannelId, sender: UserId, id: RequestId): Promise<EventDocument | undefined> {
    const _id = claimKey(channel, sender, id);
    const [claim] = await this.#limit(() => this.#collections.claims.find({ _id }).limit(1).toArray());
    if (claim === undefined) return undefined;
    const found = await this.at(channel, claimedSeqs(claim));
    return found.find((document) => document.sender === sender && document.id === id);
  }

  #read(channel: ChannelId, seq: Seq): Promise<EventDocument | undefined> {
    return this.#limit(async () => {
      this.#onTouch(1);
      // A filter of exactly one key: with any other, FerretDB reads all.
      const [document] = await this.#collections.events
        .find({ _id: eventKey(channel, seq) })
        .limit(1)
        .toArray();
      return document;
    });
  }
}

function leastSeq(documents: readonly EventDocument[]): Seq | undefined {
  return documents.length === 0 ? undefined : Math.min(...documents.map(({ seq }) => seq));
}
