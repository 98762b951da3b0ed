import type { LogEvent, MessageStore, StoredEvent } from "../../message-store.ts";

/** What the contract suite needs to know of an implementation. */
export interface StoreContractOptions {
  /** For the titles. */
  readonly name: string;
  /** Empty data of its own for each test. */
  prepare(): Promise<StoreData>;
  /** Size of "a long log": 200,000 where that loads in seconds; absent where cost is of no interest. */
  readonly longLogEvents?: number;
  /** Runs of property tests. */
  readonly propertyRuns: number;
}

export interface StoreData {
  /** One more store on the same data, as another process would open it. */
  open(hooks?: { onTouch?: (entries: number) => void }): Promise<MessageStore>;
  /** A store whose next append loses its request ("before") or its answer ("after"); absent where nothing can be cut. */
  openCut?(): Promise<{ store: MessageStore; cutNext(when: "before" | "after"): void }>;
  /** How a child process opens the same data at the same time; absent where it can't. */
  readonly inChild?: ChildOpen;
  /**
   * Puts these channels into a user's index, each with `in` 1 and a read mark of seq 5 and ordinal 4, where ten thousand
   * calls would take too long.
   */
  seedUser?(user: string, channels: readonly string[]): Promise<void>;
  remove(): Promise<void>;
}

export type ChildOpen =
  | { readonly kind: "lmdb"; readonly path: string }
  /** Over the socket of a store's process. */
  | { readonly kind: "remote"; readonly path: string }
  | {
      readonly kind: "mongodb";
      readonly url: string;
      readonly database: string;
      readonly strategy: "range" | "point";
    };

export function message(channel: string, seq: number, rest: Partial<LogEvent> = {}): LogEvent {
  return {
    channel,
    seq,
    sender: "ada",
    id: `id-${seq}`,
    time: 1_790_000_000_000 + seq,
    ordinal: seq,
    control: 0,
    hash: `hash-${seq}`,
    body: { kind: "message", text: `text ${seq}` },
    ...rest,
  };
}

export function messages(channel: string, from: number, to: number): LogEvent[] {
  return Array.from({ length: to - from + 1 }, (_, index) => message(channel, from + index));
}

export function seqs(events: readonly StoredEvent[]): number[] {
  return events.map(({ event }) => event.seq);
}

/** Appends 1..count in runs of 256, one after the other: a channel never has two under way. */
export async function load(store: MessageStore, channel: string, count: number): Promise<void> {
  for (let from = 1; from <= count; from += 256) {
    await store.append(channel, messages(channel, from, Math.min(from + 255, count)));
  }
}
