import type { ChannelId, RequestId, Seq, UserId } from "@parley/protocol";
import type { Collection } from "mongodb";
import type { LogEvent } from "../message-store.ts";
import type { RequestDocument } from "./collections.ts";

/** Hints beyond this are not written: finding such a request takes a scan, no more. */
const waitingMax = 10_000;
const batchMax = 100;

/**
 * (channel, sender, id) → seq, for servers that look only `_id` up quickly. Written behind the events, waited for by
 * nobody; whoever reads one checks it against the event.
 */
export class RequestHints {
  readonly #requests: Collection<RequestDocument>;
  #waiting: RequestDocument[] = [];
  #work: Promise<void> | undefined;

  constructor(requests: Collection<RequestDocument>) {
    this.#requests = requests;
  }

  remember(events: readonly LogEvent[]): void {
    for (const event of events) {
      if (this.#waiting.length >= waitingMax) return;
      this.#waiting.push({ _id: keyOf(event.channel, event.sender, event.id), seq: event.seq });
    }
    this.#work ??= this.#write().finally(() => {
      this.#work = undefined;
    });
  }

  async find(channel: ChannelId, sender: UserId, id: RequestId): Promise<Seq | undefined> {
    const [hint] = await this.#requests
      .find({ _id: keyOf(channel, sender, id) })
      .limit(1)
      .toArray();
    return hint?.seq;
  }

  /** Resolves when nothing waits any more. */
  async settle(): Promise<void> {
    await this.#work;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Failed ones are not tried again: they are hints, and a duplicate was written before.
      await this.#requests.insertMany(this.#waiting.splice(0, batchMax), { ordered: false }).catch(() => undefined);
    }
  }
}

function keyOf(channel: ChannelId, sender: UserId, id: RequestId): string {
  return `${channel}:${sender}:${id}`;
}
