import type { ChannelId, RequestId, Seq, UserId } from "@parley/protocol";
import type { LimitFunction } from "p-limit";
import { type ClaimDocument, claimedSeqs, claimKey } from "./claims.ts";
import type { ChannelDocument, Collections } from "./collections.ts";
import { type EventDocument, eventKey } from "./documents.ts";
import type { LogReader, OnTouch } from "./log-reader.ts";
import { PointFinds } from "./point-finds.ts";
import { SharedScan } from "./shared-scan.ts";

/** An event may have 64 KiB, and the text of an edit beside its own. */
const idsMax = 90;
const gallopMax = 64;
/** How far above a head holes are looked for when nothing hints at one. */
const probedAbove = 32;

/**
 * Point reads by `_id` alone: a log without holes is a set of known ids, so that no range is ever needed. For servers
 * that read a whole collection for anything else.
 */
export class PointReader implements LogReader {
  /** Few at first: who follows a log mostly finds nothing or one event, and each that is asked for costs a look-up. */
  readonly stepEvents: readonly [number, number] = [2, 64];
  readonly #events: PointFinds<EventDocument>;
  readonly #claims: PointFinds<ClaimDocument>;
  readonly #channels: PointFinds<ChannelDocument>;
  readonly #onTouch: OnTouch;
  readonly #scan: SharedScan<EventDocument>;

  constructor(collections: Collections, channels: PointFinds<ChannelDocument>, limit: LimitFunction, onTouch: OnTouch) {
    this.#events = new PointFinds(collections.events, limit, idsMax);
    this.#claims = new PointFinds(collections.claims, limit, idsMax);
    this.#channels = channels;
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
    const found = await this.#read(seqs.map((seq) => eventKey(channel, seq)));
    return found.filter((document) => document !== undefined);
  }

  async contiguousAfter(channel: ChannelId, from: Seq): Promise<Seq> {
    let head = from;
    // One document when nothing is new, the usual case; then ever larger steps.
    for (let step = 1; ; step = Math.min(step * 4, gallopMax)) {
      const found = new Set((await this.between(channel, head + 1, head + step)).map(({ seq }) => seq));
      const before = head;
      while (found.has(head + 1)) head += 1;
      if (head - before < step) return head;
    }
  }

  async existing(events: readonly (readonly [ChannelId, Seq])[]): Promise<readonly ChannelId[]> {
    const found = await this.#read(events.map(([channel, seq]) => eventKey(channel, seq)));
    return found.flatMap((document) => document?.channel ?? []);
  }

  /**
   * Looks at the seqs just above, and farther only when the written watermark says that there was more: a hole without
   * that is too narrow for a watermark to lie above it. Then a scan, shared by all who ask at the same time.
   */
  async nextAfter(channel: ChannelId, head: Seq): Promise<Seq | undefined> {
    const near = await this.between(channel, head + 1, head + probedAbove);
    if (near.length > 0) return leastSeq(near);
    const summary = await this.#channels.find(channel);
    if ((summary?.verified ?? 0) <= head) return undefined;
    return leastSeq(
      await this.#scan.find(
        { channel, seq: { $gt: head } },
        (document) => document.channel === channel && document.seq > head,
      ),
    );
  }

  async findByRequest(channel: ChannelId, sender: UserId, id: RequestId): Promise<EventDocument | undefined> {
    const claim = await this.#claims.find(claimKey(channel, sender, id));
    if (claim === undefined) return undefined;
    const found = await this.at(channel, claimedSeqs(claim));
    return found.find((document) => document.sender === sender && document.id === id);
  }

  #read(keys: readonly string[]): Promise<readonly (EventDocument | undefined)[]> {
    this.#onTouch(keys.length);
    return this.#events.findAll(keys);
  }
}

function leastSeq(documents: readonly EventDocument[]): Seq | undefined {
  return documents.length === 0 ? undefined : Math.min(...documents.map(({ seq }) => seq));
}
