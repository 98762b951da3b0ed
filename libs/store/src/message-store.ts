import type { ChannelId, RequestId, Role, Seq, UserId } from "@parley/protocol";

/**
 * One fact in a channel's log. Immutable once appended, except that {@link MessageStore.applyEffects}
 * may erase or replace the text at its origin.
 */
export interface LogEvent {
  readonly channel: ChannelId;
  /** 1, 2, 3, … without holes. */
  readonly seq: Seq;
  readonly sender: UserId;
  /**
   * The sender's request id; unique by (channel, sender, id) for good. Server-made ids start with "~",
   * which no client id can, and are not shown on the wire.
   */
  readonly id: RequestId;
  /** ms since 1970, set by the appender; never less than the event before it. */
  readonly time: number;
  /** How many events of kind "message" there are in 1..seq, this one included: unread is a subtraction. */
  readonly ordinal: number;
  /**
   * seq of the last control event (created, member) *before* this event; 0 for the first. A reader walks these
   * back to fold the membership without an index and without reading the messages between.
   */
  readonly control: Seq;
  /** Keyed hash of the content without `prev`; what `conflict` is judged by. Survives erasure. */
  readonly hash: string;
  readonly body: EventBody;
}

export type EventBody =
  | {
      readonly kind: "message";
      readonly text?: string;
      /** The application's object as JSON text, kept byte for byte: a document store would reorder or retype it. */
      readonly data?: string;
      readonly replyTo?: Seq;
      readonly mentions?: readonly UserId[];
      /** True once a delete was applied: text and data are gone for real. */
      readonly erased?: true;
    }
  | { readonly kind: "edit"; readonly target: Seq; readonly text?: string; readonly erased?: true }
  | { readonly kind: "delete"; readonly target: Seq }
  | { readonly kind: "reaction"; readonly target: Seq; readonly emoji: string; readonly remove?: true }
  | {
      readonly kind: "member";
      readonly user: UserId;
      readonly change: "joined" | "left" | "removed" | "role";
      readonly role?: Role;
    }
  | {
      readonly kind: "created";
      readonly channelKind: "direct" | "group";
      readonly name?: string;
      readonly members: readonly { readonly user: UserId; readonly role: Role }[];
    }
  | { readonly kind: "noop" };

/** What edits, deletes and reactions did to a message so far, as far as they were applied at its origin. */
export interface OriginState {
  readonly edit?: { readonly seq: Seq; readonly text: string; readonly time: number };
  readonly deleted?: Seq;
  /** The newest reaction event of each (user, emoji); `remove` says which way it went. */
  readonly reactions?: readonly {
    readonly user: UserId;
    readonly emoji: string;
    readonly seq: Seq;
    readonly remove: boolean;
  }[];
}

/** A message event together with what was applied at its origin. */
export interface StoredEvent {
  readonly event: LogEvent;
  readonly origin?: OriginState;
}

export type AppendOutcome =
  /** Every event is in, durably (majority write / fsync). */
  | { readonly kind: "appended" }
  /**
   * The unique key refused `events[at]`: all before it are in, none after it was tried. Which of the two keys
   * ((channel, seq) or (channel, sender, id)) refused it must be found out by reading.
   */
  | { readonly kind: "refused"; readonly at: number };

export interface ReadLimit {
  /** At most so many events; 1..1,000. */
  readonly events: number;
  /** Stop after the event that crosses so many bytes of text and data (approximate); default 1 MiB. */
  readonly bytesMax?: number;
}

export interface LogPage {
  readonly events: readonly StoredEvent[];
  /** True when the page ends at the contiguous head (or, reading back, at 1) and not at the limit. */
  readonly isEnd: boolean;
}

export type OriginEffect =
  | { readonly kind: "edit"; readonly seq: Seq; readonly target: Seq; readonly text: string; readonly time: number }
  | { readonly kind: "delete"; readonly seq: Seq; readonly target: Seq }
  | {
      readonly kind: "reaction";
      readonly seq: Seq;
      readonly target: Seq;
      readonly user: UserId;
      readonly emoji: string;
      readonly remove: boolean;
    };

/**
 * What is kept beside a channel's log. Every field is derived from the log: losing it costs time, never truth.
 * Each is only ever moved forward ($max), so late and repeated writes are harmless.
 */
export interface ChannelSummary {
  /** 1..verified are known to be present: where a search for the head starts. */
  readonly verified: Seq;
  /** Time of the newest event that was told, ms; a hint for "most recently active". */
  readonly activeAt: number;
  /** Effects (edit, delete, reaction) of all events up to this seq were applied at their origins. */
  readonly applied: Seq;
  /** The membership at `seq`, so that the walk over control events is short. Its shape is the chat server's. */
  readonly snapshot?: { readonly seq: Seq; readonly json: string };
}

export interface UserIndex {
  /** Superset of the user's channels: listed iff in > out; the channel's log decides. */
  readonly channels: ReadonlyMap<ChannelId, { readonly in: Seq; readonly out: Seq }>;
  readonly reads: ReadonlyMap<ChannelId, { readonly seq: Seq; readonly ordinal: number }>;
}

/**
 * The durable log of every channel. **The store alone decides**: all else in Parley is a hint.
 *
 * **Reads**: every read is majority, on the primary, and sees all that was reported as appended before the read
 * began (rules 3 and 16 of the log). Each read of a log is cut at the first hole (rule 2).
 * **Repeat**: every write may be repeated and may arrive late; none does harm.
 * **Errors**: {@link StoreError}. After an append that throws, the outcome is *unknown*: read back, then try the same
 * events at the same seqs again. After any other call that throws, simply call again.
 */
export interface MessageStore {
  /**
   * Ordered insert of one run: consecutive seqs of one channel; slot k is in only if all before it are (rule 1).
   * Resolves only when durable. **Bounds**: 1..256 events, ≤ 4 MiB.
   */
  append(channel: ChannelId, events: readonly LogEvent[]): Promise<AppendOutcome>;

  /** Events after+1, after+2, … ascending, cut at the first hole. */
  readAfter(channel: ChannelId, after: Seq, limit: ReadLimit): Promise<LogPage>;
  /** The last events below `before`, in ascending order; a hole cuts off what lies below it. */
  readBefore(channel: ChannelId, before: Seq, limit: ReadLimit): Promise<LogPage>;
  /** Those of the named events that exist, in the order asked; at most 1,000. */
  readAt(channel: ChannelId, seqs: readonly Seq[]): Promise<readonly StoredEvent[]>;
  findByRequest(channel: ChannelId, sender: UserId, id: RequestId): Promise<StoredEvent | undefined>;

  /** The contiguous head: the largest n with 1..n present, 0 for an empty log. Never max(seq). */
  head(channel: ChannelId): Promise<Seq>;
  heads(channels: readonly ChannelId[]): Promise<ReadonlyMap<ChannelId, Seq>>;
  /** Which of these logs hold an event just after the given seq; one batched query, cheap enough for every second. */
  findGrown(cursors: ReadonlyMap<ChannelId, Seq>): Promise<readonly ChannelId[]>;
  /**
   * The first seq present above a hole that follows `head`, if any: only restored or hand-mended logs have one.
   * **Cost**: may scan; for take-over only.
   */
  findAboveHole(channel: ChannelId, head: Seq): Promise<Seq | undefined>;

  /**
   * Applies effects at their origins, in any order, any number of times: an edit only if its seq is newer and nothing
   * is deleted; a delete is unconditional and sticky and erases text and data of the target and of its edits for real;
   * a reaction only if its seq is newer for its (user, emoji). Then moves `applied` to `upTo`.
   */
  applyEffects(channel: ChannelId, effects: readonly OriginEffect[], upTo: Seq): Promise<void>;

  readSummaries(channels: readonly ChannelId[]): Promise<ReadonlyMap<ChannelId, ChannelSummary>>;
  /** Moves each given field forward (`applied` too: a run without effects moves it without touching origins); a snapshot
   *  replaces one of lower seq. */
  advanceSummaries(summaries: ReadonlyMap<ChannelId, Partial<ChannelSummary>>): Promise<void>;

  readUser(user: UserId): Promise<UserIndex>;
  /** `in = max(in, seq)` for each user; to be called *before* the joining event is appended (rule 19). */
  markIn(users: readonly UserId[], channel: ChannelId, seq: Seq): Promise<void>;
  /** `out = max(out, seq)`; to be called after the leaving event is in. */
  markOut(user: UserId, channel: ChannelId, seq: Seq): Promise<void>;
  /** Read marks move forward only. */
  advanceReads(user: UserId, reads: ReadonlyMap<ChannelId, { seq: Seq; ordinal: number }>): Promise<void>;

  /** Resolves when the store answers a majority read; for readiness. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The store could not do what it was asked, or cannot say whether it did. Always retryable. `unavailable`: surely
 * not done; `unknown`: may or may not be done, now or later.
 */
export class StoreError extends Error {
  readonly code: "unavailable" | "unknown";
  constructor(code: "unavailable" | "unknown", message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreError";
    this.code = code;
  }
}
