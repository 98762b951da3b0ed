import type { ChannelId, RequestId, Seq, UserId } from "@parley/protocol";
import { LRUCache } from "lru-cache";
import { eventBytes } from "../checks.ts";
import type { LogEvent } from "../message-store.ts";
import { putHead, putJournaled } from "./log-write.ts";
import type { Tables } from "./tables.ts";

/** What one append has put into the overlay. */
export interface Run {
  readonly channel: ChannelId;
  readonly held: Held[];
  /** `open` until its write to the journal has ended. */
  state: "open" | "durable" | "failed";
  /** Called once it is no longer open: judgements that must not rest on what is under way. */
  waiters: (() => void)[] | undefined;
}

export interface Held {
  readonly event: LogEvent;
  /** Sender and id; neither may hold ":". */
  readonly request: string;
  readonly run: Run;
  readonly bytes: number;
  /** Its JSON text, once it is in the journal. */
  value: Buffer | undefined;
  /** Number of its frame there. */
  number: number;
}

/** What one transaction has put into the tables. */
export interface Drained {
  /** How many events of which channels; the first of each. */
  readonly channels: readonly { readonly channel: ChannelId; readonly events: number }[];
  /** The tables have all frames of the journal up to this one. */
  readonly number: number;
}

interface Part {
  readonly events: Map<Seq, Held>;
  readonly requests: Map<string, Held>;
  /** In the order of the journal. */
  readonly durable: Held[];
  /** The contiguous head of what is durable, here and in the tables together. */
  head: Seq;
  /** The highest seq in the tables, which need not be asked for what is above it; 0 for none. */
  top: Seq;
}

export interface OverlayBounds {
  /** At these, appends wait for the tables. */
  readonly eventsMax: number;
  readonly bytesMax: number;
}

const none: ReadonlySet<ChannelId> = new Set();
/** Channels that hold nothing here, whose head and top are still known: some 400 bytes each. */
const quietMax = 4_096;

/**
 * The events that the tables don't have yet: those in the journal, which are as good as stored, and those on their way
 * into it, which only keep their slots. Reads see the first and never the second (rule 3 of the log).
 */
export class Overlay {
  readonly #tables: Tables;
  readonly #bounds: OverlayBounds;
  readonly #parts = new Map<ChannelId, Part>();
  /** Without events. Nobody else writes the log's tables, so what they know of them stays true. */
  readonly #quiet = new LRUCache<ChannelId, Part>({ max: quietMax });
  /** Those with something durable, about in the order in which it came. */
  readonly #waiting = new Map<ChannelId, Part>();
  #durableEvents = 0;
  /** Of the newest frame. */
  #number = 0;
  #events = 0;
  #bytes = 0;

  constructor(tables: Tables, bounds: OverlayBounds) {
    this.#tables = tables;
    this.#bounds = bounds;
  }

  get isFull(): boolean {
    return this.#events >= this.#bounds.eventsMax || this.#bytes >= this.#bounds.bytesMax;
  }

  /** Events that wait for the tables. */
  get durableEvents(): number {
    return this.#durableEvents;
  }

  /** The durable contiguous head; undefined where the tables alone know it. */
  head(channel: ChannelId): Seq | undefined {
    return this.#parts.get(channel)?.head;
  }

  findDurable(channel: ChannelId, seq: Seq): LogEvent | undefined {
    const held = this.#parts.get(channel)?.events.get(seq);
    return held?.run.state === "durable" ? held.event : undefined;
  }

  findDurableRequest(channel: ChannelId, sender: UserId, id: RequestId): Seq | undefined {
    const held = this.#parts.get(channel)?.requests.get(`${sender}:${id}`);
    return held?.run.state === "durable" ? held.event.seq : undefined;
  }

  /** The lowest durable seq above this one. */
  findAbove(channel: ChannelId, seq: Seq): Seq | undefined {
    let lowest: Seq | undefined;
    for (const [own, { run }] of this.#parts.get(channel)?.events ?? []) {
      if (own > seq && run.state === "durable" && (lowest === undefined || own < lowest)) lowest = own;
    }
    return lowest;
  }

  /**
   * Takes slot and request for an event that goes to the journal, or says who has one of them: another event here, durable
   * or under way, or the `tables`.
   */
  take(event: LogEvent, run: Run): Held | "tables" | undefined {
    const { channel, seq, sender, id } = event;
    const part = this.#partOf(channel);
    const request = `${sender}:${id}`;
    const taker = part.events.get(seq) ?? part.requests.get(request);
    if (taker !== undefined) return taker;
    if (this.#isInTables(part, channel, seq) || this.#tables.requests.doesExist([channel, sender, id])) return "tables";
    const held: Held = { event, request, run, bytes: eventBytes(event), value: undefined, number: 0 };
    if (part.events.size === 0) {
      this.#quiet.delete(channel);
      this.#parts.set(channel, part);
    }
    part.events.set(seq, held);
    part.requests.set(request, held);
    run.held.push(held);
    this.#events += 1;
    this.#bytes += held.bytes;
    return undefined;
  }

  /** Gives back what the run had taken: it did not get into the journal. */
  drop(run: Run): void {
    for (const held of run.held) this.#remove(held);
  }

  /** The runs are in the journal, as frame `number`: they can be read from now on. `values` are their events' texts. */
  settle(runs: readonly Run[], number: number, values: readonly Buffer[]): void {
    let at = 0;
    for (const run of runs) {
      run.state = "durable";
      const part = this.#parts.get(run.channel);
      if (part === undefined) throw new Error(`channel ${run.channel} holds nothing, and something of it is durable`);
      if (part.durable.length === 0) this.#waiting.set(run.channel, part);
      for (const held of run.held) {
        held.value = values[at++];
        held.number = number;
        part.durable.push(held);
        if (held.event.seq === part.head + 1) part.head += 1;
      }
      this.#durableEvents += run.held.length;
    }
    // After all of them: the walk goes over what lay above a hole that is filled now.
    for (const { channel } of runs) this.#walk(channel);
    this.#number = number;
  }

  /**
   * Inside a write transaction: puts all that is durable of some channels into the tables, those that have waited longest
   * first, until they are `eventsMin` events; of the channels that are `needed` in any case. Whole channels, since what
   * follows one upon another in a log shares the pages of the tables, which are what a commit costs.
   * What it returns is to be given to {@link forget} when the transaction is durable, and to be dropped when it failed.
   * **Repeat**: harmless.
   */
  drainInto(tables: Tables, eventsMin: number, needed: ReadonlySet<ChannelId> = none): Drained {
    const channels: { channel: ChannelId; events: number }[] = [];
    let events = 0;
    let number = this.#number;
    for (const [channel, { durable, head }] of this.#waiting) {
      if (events >= eventsMin && !needed.has(channel)) {
        number = Math.min(number, (durable[0]?.number ?? 0) - 1);
        continue;
      }
      for (const { event, value } of durable) {
        if (value === undefined) throw new Error("an event was durable without its text");
        putJournaled(tables, event, value);
      }
      putHead(tables, channel, head);
      channels.push({ channel, events: durable.length });
      events += durable.length;
    }
    if (channels.length > 0) tables.journal.putSync("drained", number);
    return { channels, number };
  }

  /** The tables have these events durably: they are read there from now on. */
  forget({ channels }: Drained): void {
    for (const { channel, events } of channels) {
      const part = this.#waiting.get(channel);
      if (part === undefined) throw new Error(`channel ${channel} was drained twice`);
      this.#waiting.delete(channel);
      for (const held of part.durable.splice(0, events)) {
        part.top = Math.max(part.top, held.event.seq);
        this.#remove(held);
      }
      this.#durableEvents -= events;
      // What came meanwhile has not waited long.
      if (part.durable.length > 0) this.#waiting.set(channel, part);
    }
  }

  #walk(channel: ChannelId): void {
    const part = this.#parts.get(channel);
    if (part === undefined) return;
    for (;;) {
      const next = part.events.get(part.head + 1);
      const isThere =
        next === undefined ? this.#isInTables(part, channel, part.head + 1) : next.run.state === "durable";
      if (!isThere) return;
      part.head += 1;
    }
  }

  #isInTables(part: Part, channel: ChannelId, seq: Seq): boolean {
    return seq <= part.top && this.#tables.events.doesExist([channel, seq]);
  }

  #partOf(channel: ChannelId): Part {
    const known = this.#parts.get(channel) ?? this.#quiet.get(channel);
    if (known !== undefined) return known;
    const head = this.#tables.heads.get(channel) ?? 0;
    let top = head;
    // In reverse, `start` is the high end.
    const above = { start: [channel, Infinity] as [string, number], end: [channel, head] as [string, number] };
    for (const [, seq] of this.#tables.events.getKeys({ ...above, reverse: true, limit: 1 })) top = seq;
    const part = { events: new Map(), requests: new Map(), durable: [], head, top };
    this.#quiet.set(channel, part);
    return part;
  }

  #remove({ event, request, bytes }: Held): void {
    const { channel, seq } = event;
    const part = this.#parts.get(channel);
    if (part === undefined) return;
    part.events.delete(seq);
    part.requests.delete(request);
    if (part.events.size === 0) {
      this.#parts.delete(channel);
      this.#quiet.set(channel, part);
    }
    this.#events -= 1;
    this.#bytes -= bytes;
  }
}
