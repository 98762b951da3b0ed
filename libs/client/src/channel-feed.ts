import type { EventFrame, Seq } from "@parley/protocol";
import { Backoff } from "./backoff.ts";
import { ClientError } from "./client-error.ts";
import type { Clock, HistoryPage } from "./types.ts";

export interface FeedPorts {
  readonly clock: Clock;
  readonly random: () => number;
  /** Events waiting for handlers, and events waiting behind a hole: so many of each. */
  readonly bufferMax: number;
  /** Hands an event over; the next one of the channel follows when the promise has resolved. */
  readonly deliver: (event: EventFrame) => Promise<void> | undefined;
  readonly deliverReset: (channel: string, head: Seq) => Promise<void> | undefined;
  readonly readPage: (channel: string, after: Seq, limit: number) => Promise<HistoryPage>;
  readonly onGap: (channel: string, from: Seq, to: Seq) => void;
  readonly onError: (error: ClientError) => void;
}

type Item =
  | { readonly kind: "event"; readonly seq: Seq; readonly event: EventFrame }
  /** Numbers up to `seq` that we shall not see: outside our membership, or used up. */
  | { readonly kind: "skip"; readonly seq: Seq }
  | { readonly kind: "reset"; readonly seq: Seq };

const pageEvents = 200;
const deliveryAttemptsMax = 5;
/** A page that ends short of a number that was announced is read again so often: it may come from a lagging replica. */
const shortPagesMax = 2;
const shortPageDelayMs = 300;
/** These say that the log is not ours to read: what is missing will not be had by asking again. */
const accessRefusals: ReadonlySet<string> = new Set(["not_member", "forbidden", "not_found"]);

/**
 * One channel's events on their way from the socket to the handlers.
 *
 * Three numbers, cursor ≤ tail ≤ wanted: up to *cursor* the handlers have returned, up to *tail* events are queued
 * without a hole, up to *wanted* the log is known to go. Whenever wanted > tail, history is read until it isn't.
 *
 * **Order**: ascending seq, each once. **Bounds**: `bufferMax` queued and as many behind a hole; what is over is
 * dropped and read again later. **Errors**: a handler that throws gets the event again, with back-off, five times in
 * all; then it is reported and skipped, so that one event cannot hold up all those behind it.
 */
export class ChannelFeed {
  readonly channel: string;
  readonly #ports: FeedPorts;
  #cursor: Seq;
  #tail: Seq;
  #wanted: Seq;
  readonly #queue: Item[] = [];
  /** Live events behind a hole, ascending. */
  #stash: EventFrame[] = [];
  /** True once one had to be dropped: all after it must go too, or the stash would hide a second hole. */
  #hasDropped = false;
  #isPumping = false;
  #isFilling = false;
  /** Grows with each reset and at the end, so that what was begun before knows that it is stale. */
  #epoch = 0;

  constructor(channel: string, cursor: Seq, ports: FeedPorts) {
    this.channel = channel;
    this.#cursor = cursor;
    this.#tail = cursor;
    this.#wanted = cursor;
    this.#ports = ports;
  }

  get cursor(): Seq {
    return this.#cursor;
  }

  /** Where a new session goes on: what is queued here need not be sent again. */
  get tail(): Seq {
    return this.#tail;
  }

  get isIdle(): boolean {
    return this.#cursor === this.#wanted && this.#queue.length === 0;
  }

  accept(event: EventFrame): void {
    const { seq } = event;
    if (seq <= this.#tail) return;
    const isNext = seq === this.#tail + 1;
    if (isNext && this.#queue.length < this.#ports.bufferMax) {
      this.#push({ kind: "event", seq, event });
      // A new session repeats what the last one sent behind a hole, and so closes the hole from this side.
      this.#unstash();
      this.#fill();
      return;
    }
    const last = this.#stash.at(-1);
    if (last !== undefined && seq <= last.seq) return;
    if (!isNext && this.#wanted <= this.#tail) this.#ports.onGap(this.channel, this.#tail + 1, seq - 1);
    this.#wanted = Math.max(this.#wanted, seq);
    if (!isNext && this.#stash.length < this.#ports.bufferMax && !this.#hasDropped) this.#stash.push(event);
    else this.#hasDropped = true;
    this.#fill();
  }

  acceptGap(from: Seq, to: Seq): void {
    if (to <= this.#tail) return;
    this.#ports.onGap(this.channel, Math.max(from, this.#tail + 1), to);
    this.noteHead(to);
  }

  /** The log is known to go up to `head`. */
  noteHead(head: Seq): void {
    if (head <= this.#wanted) return;
    this.#wanted = head;
    this.#fill();
  }

  acceptReset(head: Seq): void {
    this.#epoch += 1;
    this.#isFilling = false;
    this.#queue.length = 0;
    this.#stash = [];
    this.#hasDropped = false;
    this.#tail = head;
    this.#wanted = head;
    this.#queue.push({ kind: "reset", seq: head });
    this.#pump();
  }

  /** Nothing is handed over any more, except what a handler is working on. */
  close(): void {
    this.#epoch += 1;
    this.#queue.length = 0;
    this.#stash = [];
  }

  #push(item: Item): void {
    this.#queue.push(item);
    this.#tail = item.seq;
    this.#wanted = Math.max(this.#wanted, item.seq);
    this.#pump();
  }

  /** Runs without a promise for as long as no handler needs one. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#queue.length > 0) {
      const [item] = this.#queue;
      if (item === undefined) break;
      const delivered = this.#start(item);
      if (delivered !== undefined) {
        void delivered.then(() => {
          this.#isPumping = false;
          this.#pump();
        });
        return;
      }
    }
    this.#isPumping = false;
    this.#fill();
  }

  /** Never rejects. The item leaves the queue when it is done, and the cursor moves then. */
  #start(item: Item): Promise<void> | undefined {
    const epoch = this.#epoch;
    const done = (): void => {
      if (epoch !== this.#epoch) return;
      this.#queue.shift();
      this.#cursor = item.seq;
    };
    let delivering: Promise<void> | undefined;
    try {
      delivering = this.#deliver(item);
    } catch (cause) {
      return this.#deliverAgain(item, cause, epoch).then(done);
    }
    if (delivering === undefined) {
      done();
      return undefined;
    }
    return delivering.catch((cause: unknown) => this.#deliverAgain(item, cause, epoch)).then(done);
  }

  #deliver(item: Item): Promise<void> | undefined {
    if (item.kind === "event") {
      return item.event.kind === "noop" ? undefined : this.#ports.deliver(item.event);
    }
    return item.kind === "reset" ? this.#ports.deliverReset(this.channel, item.seq) : undefined;
  }

  async #deliverAgain(item: Item, firstCause: unknown, epoch: number): Promise<void> {
    const { clock, random, onError } = this.#ports;
    const backoff = new Backoff({ baseMs: 500, maxMs: 10_000, random });
    let cause = firstCause;
    for (let attempt = 1; attempt < deliveryAttemptsMax; attempt += 1) {
      onError(
        new ClientError("handler_failed", `a handler threw at ${this.channel}/${item.seq}; it is tried again`, {
          cause,
        }),
      );
      await new Promise<void>((resolve) => clock.setTimeout(resolve, backoff.nextDelayMs()));
      if (epoch !== this.#epoch) return;
      try {
        await this.#deliver(item);
        return;
      } catch (nextCause) {
        cause = nextCause;
      }
    }
    onError(
      new ClientError("handler_failed", `a handler threw at ${this.channel}/${item.seq}; it is skipped`, { cause }),
    );
  }

  /** Where the hole behind the tail ends. */
  #holeEnd(): Seq {
    const [first] = this.#stash;
    return first === undefined ? this.#wanted : first.seq - 1;
  }

  #fill(): void {
    if (this.#isFilling || this.#holeEnd() <= this.#tail || this.#queue.length >= this.#ports.bufferMax / 2) return;
    this.#isFilling = true;
    const epoch = this.#epoch;
    // It ends by itself on a stale epoch and reports its errors, so nobody waits for it.
    void this.#fillFrom(epoch).finally(() => {
      if (epoch !== this.#epoch) return;
      this.#isFilling = false;
      this.#fill();
    });
  }

  async #fillFrom(epoch: number): Promise<void> {
    const { clock, random, bufferMax, readPage } = this.#ports;
    const backoff = new Backoff({ baseMs: 500, maxMs: 10_000, random });
    let shortPages = 0;
    while (this.#holeEnd() > this.#tail && this.#queue.length < bufferMax / 2) {
      const holeEnd = this.#holeEnd();
      let page: HistoryPage;
      try {
        page = await readPage(this.channel, this.#tail, pageEvents);
      } catch (cause) {
        if (epoch !== this.#epoch) return;
        if (cause instanceof ClientError && cause.code === "closed") {
          this.close();
          return;
        }
        if (cause instanceof ClientError && accessRefusals.has(cause.code)) {
          this.#skipTo(Math.min(holeEnd, this.#holeEnd()));
          continue;
        }
        this.#ports.onError(new ClientError("timeout", `events of ${this.channel} could not be read yet`, { cause }));
        await new Promise<void>((resolve) => clock.setTimeout(resolve, backoff.nextDelayMs()));
        if (epoch !== this.#epoch) return;
        continue;
      }
      if (epoch !== this.#epoch) return;
      const before = this.#tail;
      for (const event of page.events) if (event.seq > this.#tail) this.#push({ kind: "event", seq: event.seq, event });
      // Always, for the hole may end elsewhere than it did when the page was asked for.
      this.#unstash();
      if (this.#tail >= holeEnd) shortPages = 0;
      if (this.#tail >= holeEnd || (!page.complete && this.#tail > before)) continue;
      shortPages += 1;
      if (shortPages > shortPagesMax) {
        // It was announced and is not there to be read: numbers outside our membership.
        this.#skipTo(Math.min(holeEnd, this.#holeEnd()));
        shortPages = 0;
        continue;
      }
      await new Promise<void>((resolve) => clock.setTimeout(resolve, shortPageDelayMs));
      if (epoch !== this.#epoch) return;
    }
  }

  #skipTo(seq: Seq): void {
    if (seq > this.#tail) this.#push({ kind: "skip", seq });
    this.#unstash();
  }

  /** Moves what follows the tail without a hole from the stash to the queue. */
  #unstash(): void {
    let at = 0;
    for (const event of this.#stash) {
      if (event.seq > this.#tail + 1) break;
      at += 1;
      if (event.seq === this.#tail + 1) this.#push({ kind: "event", seq: event.seq, event });
    }
    this.#stash = this.#stash.slice(at);
    if (this.#stash.length === 0) this.#hasDropped = false;
  }
}
