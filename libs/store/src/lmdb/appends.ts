import type { ChannelId } from "@parley/protocol";
import { eventBytes } from "../checks.ts";
import type { Journal } from "../journal/journal.ts";
import { type AppendOutcome, type LogEvent, StoreError } from "../message-store.ts";
import type { Overlay, Run } from "./overlay.ts";
import type { Tables } from "./tables.ts";

/** Above it no further run joins a write. */
const frameBytesMax = 1024 * 1024;

/** What waits while the overlay is full. */
export interface WaitBounds {
  readonly eventsMax: number;
  readonly bytesMax: number;
}

interface Wish {
  readonly channel: ChannelId;
  readonly events: readonly LogEvent[];
  readonly resolve: (outcome: AppendOutcome) => void;
  readonly reject: (error: unknown) => void;
}

interface Queued extends Run {
  readonly wish: Wish;
  outcome: AppendOutcome;
}

export interface AppendParts {
  readonly tables: Tables;
  readonly overlay: Overlay;
  readonly journal: Journal;
  readonly bounds: WaitBounds;
  /** More is durable than before. */
  readonly onDurable: () => void;
  /** Somebody waits for room. */
  readonly onFull: () => void;
}

/**
 * Judges appends against what is stored, durable or under way, and writes those that are in to the journal: all that
 * came while one write was under way share the next one.
 *
 * **Refusals** (rules 4 and 7): one that rests on an event under way is judged again when that event's write has ended.
 * **Order**: slot k of a run is in only if all before it are, since a run goes in one write, which is whole or nothing.
 */
export class Appends {
  readonly #parts: AppendParts;
  #queue: Queued[] = [];
  #isWriting = false;
  #waiting: Wish[] = [];
  #waitingEvents = 0;
  #waitingBytes = 0;
  #onIdle: (() => void)[] = [];

  constructor(parts: AppendParts) {
    this.#parts = parts;
  }

  /** See {@link MessageStore.append}. The run is checked already. */
  append(channel: ChannelId, events: readonly LogEvent[]): Promise<AppendOutcome> {
    return new Promise((resolve, reject) => {
      // Copied: it may be judged later, and must not see what the caller does to the list meanwhile.
      const wish: Wish = { channel, events: [...events], resolve, reject };
      if (this.#parts.overlay.isFull || this.#waiting.length > 0) this.#wait(wish);
      else this.#judge(wish);
    });
  }

  /** Room again: those that waited are judged, in their order. */
  admit(): void {
    while (this.#waiting.length > 0 && !this.#parts.overlay.isFull) {
      const waiting = this.#takeWaiting();
      for (const [at, wish] of waiting.entries()) {
        if (this.#parts.overlay.isFull) {
          for (const later of waiting.slice(at)) this.#wait(later);
          return;
        }
        this.#judge(wish);
      }
    }
  }

  /** No room will come soon: those that waited are told so. Nothing of them was done. */
  refuseWaiting(cause: StoreError): void {
    const error = new StoreError("unavailable", "the embedded store is full: its tables take nothing in", { cause });
    for (const { reject } of this.#takeWaiting()) reject(error);
  }

  /** Resolves when nothing is under way or waits. */
  async idle(): Promise<void> {
    if (this.#isWriting || this.#waiting.length > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  #wait(wish: Wish): void {
    const bytes = bytesOf(wish.events);
    const { eventsMax, bytesMax } = this.#parts.bounds;
    if (this.#waitingEvents + wish.events.length > eventsMax || this.#waitingBytes + bytes > bytesMax) {
      wish.reject(new StoreError("unavailable", "the embedded store is full: too many appends wait for its tables"));
      return;
    }
    this.#waiting.push(wish);
    this.#waitingEvents += wish.events.length;
    this.#waitingBytes += bytes;
    this.#parts.onFull();
  }

  #takeWaiting(): readonly Wish[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingEvents = 0;
    this.#waitingBytes = 0;
    if (!this.#isWriting) queueMicrotask(() => this.#tellIdle());
    return waiting;
  }

  #judge(wish: Wish): void {
    const { tables, overlay } = this.#parts;
    const { channel } = wish;
    const run: Queued = { channel, held: [], state: "open", waiters: undefined, wish, outcome: { kind: "appended" } };
    try {
      tables.refresh();
      for (const [at, event] of wish.events.entries()) {
        const taker = overlay.take(event, run);
        if (taker === undefined) continue;
        if (taker !== "tables" && taker.run !== run && taker.run.state === "open") {
          overlay.drop(run);
          taker.run.waiters ??= [];
          taker.run.waiters.push(() => this.#judge(wish));
          return;
        }
        run.outcome = { kind: "refused", at };
        break;
      }
    } catch (cause) {
      overlay.drop(run);
      wish.reject(new StoreError("unavailable", "the embedded store could not be read", { cause }));
      return;
    }
    if (run.held.length === 0) wish.resolve(run.outcome);
    else this.#enqueue(run);
  }

  #enqueue(run: Queued): void {
    this.#queue.push(run);
    if (this.#isWriting) return;
    this.#isWriting = true;
    // After all that this turn of the event loop brings.
    setImmediate(() => void this.#writeAll());
  }

  async #writeAll(): Promise<void> {
    while (this.#queue.length > 0) await this.#write(this.#takeFrame());
    this.#isWriting = false;
    this.#tellIdle();
  }

  #takeFrame(): readonly Queued[] {
    let bytes = 0;
    let count = 0;
    for (const { held } of this.#queue) {
      count += 1;
      for (const one of held) bytes += one.bytes;
      if (bytes >= frameBytesMax) break;
    }
    return this.#queue.splice(0, count);
  }

  /** Never rejects. */
  async #write(runs: readonly Queued[]): Promise<void> {
    const { journal, overlay, tables, onDurable } = this.#parts;
    try {
      const { number, values } = await journal.write(runs.flatMap(({ held }) => held.map(({ event }) => event)));
      tables.refresh();
      overlay.settle(runs, number, values);
      for (const { wish, outcome } of runs) wish.resolve(outcome);
      onDurable();
    } catch (error) {
      for (const run of runs) {
        overlay.drop(run);
        run.state = "failed";
        run.wish.reject(error);
      }
    }
    for (const { waiters } of runs) for (const judgeAgain of waiters ?? []) judgeAgain();
  }

  #tellIdle(): void {
    if (this.#isWriting || this.#waiting.length > 0) return;
    for (const tell of this.#onIdle.splice(0)) tell();
  }
}

function bytesOf(events: readonly LogEvent[]): number {
  let bytes = 0;
  for (const event of events) bytes += eventBytes(event);
  return bytes;
}
