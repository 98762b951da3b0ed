import type { ChannelId, Seq } from "@parley/protocol";
import { LRUCache } from "lru-cache";
import type { ChannelDocument, Collections } from "./collections.ts";
import type { LogReader } from "./log-reader.ts";
import type { PointFinds } from "./point-finds.ts";

const cachedMax = 20_000;
/** How far a watermark may run ahead of what is written of it. */
const writeEvery = 64;
/** Most writes under way; beyond it one is left out, and a later one says more. */
const writesMax = 256;

/**
 * 1..watermark of a channel are known to be present, so each search for the head starts there: in memory for channels
 * in use, and written now and then, so that a cold search is short too.
 */
export class Watermarks {
  readonly #channels: Collections["channels"];
  readonly #finds: PointFinds<ChannelDocument>;
  readonly #reader: LogReader;
  readonly #known = new LRUCache<ChannelId, { seq: Seq; written: Seq }>({ max: cachedMax });
  readonly #writes = new Set<Promise<void>>();

  constructor(channels: Collections["channels"], finds: PointFinds<ChannelDocument>, reader: LogReader) {
    this.#channels = channels;
    this.#finds = finds;
    this.#reader = reader;
  }

  /** What is known without asking; 0 for nothing. */
  peek(channel: ChannelId): Seq {
    return this.#known.get(channel)?.seq ?? 0;
  }

  /** The contiguous head, by a read that begins now. */
  async head(channel: ChannelId): Promise<Seq> {
    const from = this.#known.get(channel)?.seq ?? (await this.#load(channel));
    const head = await this.#reader.contiguousAfter(channel, from);
    this.learn(channel, from, head);
    return head;
  }

  /** from+1..to were seen without a hole; counts if `from` does not lie above what is known. */
  learn(channel: ChannelId, from: Seq, to: Seq): void {
    const known = this.#known.get(channel) ?? { seq: 0, written: 0 };
    if (from > known.seq || to <= known.seq) return;
    const isDue = to - known.written >= writeEvery && this.#writes.size < writesMax;
    this.#known.set(channel, { seq: to, written: isDue ? to : known.written });
    if (isDue) this.#write(channel, to);
  }

  async settle(): Promise<void> {
    await Promise.all(this.#writes);
  }

  async #load(channel: ChannelId): Promise<Seq> {
    const summary = await this.#finds.find(channel);
    const verified = summary?.verified ?? 0;
    // A restored log may be shorter than what was written of it: then all is counted again.
    const isThere = verified > 0 && (await this.#reader.at(channel, [verified])).length === 1;
    const seq = isThere ? verified : 0;
    if (!this.#known.has(channel)) this.#known.set(channel, { seq, written: seq });
    return this.peek(channel);
  }

  #write(channel: ChannelId, verified: Seq): void {
    const write: Promise<void> = this.#channels
      .updateOne({ _id: channel }, { $max: { verified } }, { upsert: true })
      .then(
        () => {},
        // A hint: the next one says more.
        () => {},
      );
    this.#writes.add(write);
    void write.then(() => this.#writes.delete(write));
  }
}
