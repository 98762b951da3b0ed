import type { ChannelId, RequestId, Seq, UserId } from "@parley/protocol";
import type { Collection } from "mongodb";
import type { LogEvent } from "../message-store.ts";
import type { RequestDocument } from "./collections.ts";

/** Hints beyond this are not written: finding such a request takes a scan, no more. */
const waitingMax = 10_000;
const batchMax = 100;
/** Hints gather for so long: one insert for many, since such servers have one writer and flush for each command. */
const gatherMs = 100;

/**
 * (channel, sender, id) → seq, for servers that look only `_id` up quickly. Written behind the events, waited for by
 * nobody; whoever reads one checks it against the event.
 */
export class RequestHints {
  readonly #requests: Collection<RequestDocument>;
  readonly #waiting = new Map<string, Seq>();
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> | undefined;

  constructor(requests: Collection<RequestDocument>) {
    this.#requests = requests;
  }

  remember(events: readonly LogEvent[]): void {
    for (const event of events) {
      if (this.#waiting.size >= waitingMax) break;
      this.#waiting.set(keyOf(event.channel, event.sender, event.id), event.seq);
    }
    if (this.#waiting.size === 0 || this.#work !== undefined) return;
    this.#timer ??= setTimeout(() => this.#start(), gatherMs);
  }

  async find(channel: ChannelId, sender: UserId, id: RequestId): Promise<Seq | undefined> {
    const key = keyOf(channel, sender, id);
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) return waiting;
    const [hint] = await this.#requests.find({ _id: key }).limit(1).toArray();
    return hint?.seq;
  }

  /** Writes what waits, and resolves when it is tried. */
  async settle(): Promise<void> {
    this.#start();
    await this.#work;
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#work ??= this.#write().finally(() => {
      this.#work = undefined;
    });
  }

  async #write(): Promise<void> {
    while (this.#waiting.size > 0) {
      const documents: RequestDocument[] = [];
      for (const [_id, seq] of this.#waiting) {
        if (documents.push({ _id, seq }) === batchMax) break;
      }
      // Failed ones are not tried again: they are hints, and a duplicate was written before.
      await this.#requests.insertMany(documents, { ordered: false }).catch(() => undefined);
      for (const { _id } of documents) this.#waiting.delete(_id);
    }
  }
}

function keyOf(channel: ChannelId, sender: UserId, id: RequestId): string {
  return `${channel}:${sender}:${id}`;
}
