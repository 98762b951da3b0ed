import type {
  AckFrame,
  ErrorCode,
  EventFrame,
  GapFrame,
  PresenceFrame,
  ReceiptFrame,
  ReconnectFrame,
  ResetFrame,
  Role,
  Seq,
  TypingNotice,
  WelcomeFrame,
} from "@parley/protocol";
import type { ClientError } from "./client-error.ts";
import type { OutboxStorage } from "./outbox-storage.ts";

/** One channel as `welcome` and `channels` describe it. */
export type ChannelSummary = WelcomeFrame["channels"][number];

/** Time and timers, so that a test or a simulation can bring its own. */
export interface Clock {
  /** ms since 1970. */
  now(): number;
  setTimeout(run: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** What the SDK reads of a socket's events: `data` of `message`, `code` and `reason` of `close`. */
export interface SocketEvent {
  readonly type: string;
  readonly data?: unknown;
  readonly code?: number;
  readonly reason?: string;
}

/** What the SDK needs of a WebSocket: the browser's has it, and so has Node's global one since Node 22. */
export interface SocketLike {
  readonly readyState: number;
  addEventListener(type: "open" | "message" | "close" | "error", listener: (event: SocketEvent) => void): void;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

export type SocketConstructor = new (url: string, protocol: string) => SocketLike;

/** Why a token is asked for: `rejected` says that the last one was refused, so a cached copy will not do. */
export type TokenReason = "connect" | "rejected" | "refresh";

export type TokenProvider = (reason: TokenReason) => Promise<string> | string;

export interface ClientOptions {
  /** `ws://…/v1/ws` or `wss://…/v1/ws`. */
  readonly url?: string;
  /** Several gateways: each failed or ended connection goes on to the next. Exactly one of `url` and `urls`. */
  readonly urls?: readonly string[];
  readonly token: TokenProvider;
  /** 1–64 characters `[A-Za-z0-9_-]`; one live socket a device. */
  readonly device: string;
  /** Where unsettled requests are kept; default: in memory, so they end with the process. */
  readonly storage?: OutboxStorage;
  /** Where to resume: channel → last seq that was handled. Keep {@link Client.cursors} somewhere to use this. */
  readonly cursors?: Readonly<Record<string, Seq>>;
  /** Uniform in [0, 1); default: from `crypto.getRandomValues`. Ids and jitter come from it. */
  readonly random?: () => number;
  readonly clock?: Clock;
  readonly WebSocket?: SocketConstructor;
  readonly limits?: Partial<ClientLimits>;
}

/** Every queue of the SDK, its bound, and what happens at the bound. */
export interface ClientLimits {
  /** Unsettled requests over all channels; one more is rejected with code `outbox_full`. Default 5,000. */
  readonly outboxMax: number;
  /** Unsettled requests of one channel; one more is rejected with code `outbox_full`. Default 1,000. */
  readonly outboxChannelMax: number;
  /** Requests of one channel on the wire at once; the others wait in the outbox. Default 32. */
  readonly inFlightMax: number;
  /** Calls (history, channels, …) unanswered at once; one more is rejected with code `too_many_calls`. Default 1,000. */
  readonly callsMax: number;
  /** Events of one channel waiting for handlers; later ones are dropped and read again by history. Default 1,000. */
  readonly bufferMax: number;
  /** Cursors in one `hello`; other channels are compared with the heads of `welcome` and `channels`. Default 500. */
  readonly helloCursorsMax: number;
  /** Users watched for presence; more are rejected with code `too_many_watched`. Default 1,000. */
  readonly watchedMax: number;
  /** A call that has no answer after so many ms is rejected with code `timeout`. Default 30,000. */
  readonly callTimeoutMs: number;
  /** From opening the socket to `welcome`; after that the next attempt begins. Default 10,000. */
  readonly connectTimeoutMs: number;
  /** Upper end of the waits between attempts to connect. Default 30,000; less only where the clients are few. */
  readonly reconnectMaxMs: number;
  /** A request on the wire without an answer is sent again after so many ms. Default 10,000. */
  readonly answerTimeoutMs: number;
  /** Silence after which a connection with open requests is probed. Default 10,000. */
  readonly probeAfterMs: number;
  /** Silence after which an idle connection is probed; 0 never does. Default 120,000. */
  readonly idleProbeAfterMs: number;
  /** A probe that has no answer after so many ms ends the socket. Default 5,000. */
  readonly probeTimeoutMs: number;
}

export interface SendContent {
  /** 1–8,000 characters. At least one of `text` and `data`. */
  readonly text?: string;
  /** The application's own JSON object, ≤ 8 KiB, depth ≤ 6. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly replyTo?: Seq;
  readonly mentions?: readonly string[];
}

/** What the outbox carries: requests that must take effect once, in order. */
export type OutboxRequest =
  | ({ readonly type: "send" } & SendContent)
  | { readonly type: "edit"; readonly target: Seq; readonly text: string }
  | { readonly type: "delete"; readonly target: Seq }
  | { readonly type: "react"; readonly target: Seq; readonly emoji: string; readonly remove?: true };

/**
 * - `queued`: kept, not on the wire. It stays so while offline.
 * - `sending`: on the wire, unanswered. It may go back to `queued` when the socket ends.
 * - `sent`: durable, with its final seq. Final.
 * - `failed`: refused, or given up. Final.
 */
export type RequestState = "queued" | "sending" | "sent" | "failed";

export interface Ack {
  readonly id: string;
  readonly channel: string;
  readonly seq: Seq;
  /** ms since 1970, the server's clock. */
  readonly time: number;
  readonly duplicate?: true;
}

export interface RequestHandle {
  readonly id: string;
  readonly channel: string;
  readonly request: OutboxRequest;
  readonly state: RequestState;
  /**
   * Resolves when the request is durable; rejects with a {@link ClientError} when it is settled as failed. May be
   * ignored: a rejection that nobody listens to is not "unhandled".
   */
  readonly settled: Promise<Ack>;
}

export type ConnectionState =
  | { readonly kind: "idle" }
  | { readonly kind: "connecting"; readonly url: string; readonly attempt: number }
  | { readonly kind: "online"; readonly url: string; readonly session: string; readonly user: string }
  /** The next attempt begins at `retryAt` (clock's ms). */
  | {
      readonly kind: "waiting";
      readonly attempt: number;
      readonly retryAt: number;
      readonly reason: string;
      readonly closeCode?: number;
    }
  /** No further attempt: refused for good, or the device has connected elsewhere. `connect()` may be called again. */
  | { readonly kind: "stopped"; readonly reason: string; readonly closeCode?: number }
  | { readonly kind: "closed" };

export interface RequestChange {
  readonly id: string;
  readonly channel: string;
  readonly state: RequestState;
  readonly request: OutboxRequest;
  readonly ack?: Ack;
  readonly error?: ClientError;
}

/** What {@link Client.on} can listen to. */
export interface ClientEvents {
  /** The events of a channel, in order, each once. The next one of the channel waits until the handlers have returned. */
  event: EventFrame;
  /** A hole was announced or found; the SDK fills it, its events follow as `event`. For information. */
  gap: Pick<GapFrame, "channel" | "from" | "to">;
  /** The log was restored to an older state: forget the channel's events and read again with `history`. In order. */
  reset: Pick<ResetFrame, "channel" | "head">;
  welcome: WelcomeFrame;
  state: ConnectionState;
  /** A request of the outbox changed its state. */
  request: RequestChange;
  ack: AckFrame;
  receipt: ReceiptFrame;
  typing: TypingNotice;
  presence: PresenceFrame;
  reconnect: ReconnectFrame;
  /** Something went wrong that no promise tells: a handler threw, storage failed, a frame was not understood. */
  error: ClientError;
}

export type ClientHandler<K extends keyof ClientEvents> = (payload: ClientEvents[K]) => void | Promise<void>;

export interface HistoryOptions {
  readonly before?: Seq;
  readonly after?: Seq;
  /** 1–200, default 50. */
  readonly limit?: number;
}

export interface HistoryPage {
  /** Ascending seq. */
  readonly events: readonly EventFrame[];
  /** Nothing lies beyond this page in the direction that was read. */
  readonly complete: boolean;
}

export interface ChannelsPage {
  readonly channels: readonly ChannelSummary[];
  readonly cursor?: string;
}

export interface CreateChannel {
  readonly kind: "direct" | "group";
  readonly members: readonly string[];
  readonly name?: string;
}

/**
 * A connection to Parley that mends itself.
 *
 * **Promises**: every promise settles, at the latest on {@link Client.close}.
 * **Order**: the requests of one channel take effect in the order of the calls, also across reconnects and restarts.
 * **Repeat**: each request takes effect once, however often it had to be sent.
 */
export interface Client {
  readonly state: ConnectionState;
  /** The user that the server knows us as; known from the first `welcome`. */
  readonly user: string | undefined;
  /** Resolves at the next `welcome`; rejects when stopped or closed. Goes on trying until then. */
  connect(): Promise<WelcomeFrame>;
  /** Ends the socket and rejects what is open with code `closed`; stored requests stay stored. Safe to repeat. */
  close(): Promise<void>;
  on<K extends keyof ClientEvents>(name: K, handler: ClientHandler<K>): () => void;

  send(channel: string, content: SendContent): RequestHandle;
  edit(channel: string, target: Seq, text: string): RequestHandle;
  delete(channel: string, target: Seq): RequestHandle;
  react(channel: string, target: Seq, emoji: string, options?: { readonly remove?: boolean }): RequestHandle;
  /** Unsettled requests in their order, those of an earlier run (from storage) included once {@link ready} resolved. */
  outbox(): readonly RequestHandle[];
  /** Resolves when the storage was read. `connect` waits for it by itself. */
  readonly ready: Promise<void>;

  history(channel: string, options?: HistoryOptions): Promise<HistoryPage>;
  channels(options?: { readonly cursor?: string; readonly limit?: number }): Promise<ChannelsPage>;
  createChannel(channel: CreateChannel): Promise<{ readonly channel: string }>;
  invite(channel: string, user: string): Promise<Ack>;
  remove(channel: string, user: string): Promise<Ack>;
  leave(channel: string): Promise<Ack>;
  setRole(channel: string, user: string, role: Role): Promise<Ack>;

  /** Best effort, forward only, joined where calls come fast. */
  markRead(channel: string, seq: Seq): void;
  /** Best effort; at most one frame in three seconds a channel, none while offline. */
  typing(channel: string): void;
  /** The watch lasts over reconnects until {@link unwatchPresence}. */
  watchPresence(users: readonly string[]): Promise<void>;
  unwatchPresence(users: readonly string[]): Promise<void>;

  /** Channel → last seq whose handlers have returned. What to keep, for {@link ClientOptions.cursors}. */
  cursors(): Record<string, Seq>;
  /** Looks at once whether the socket still lives; for `online` and `visibilitychange` events of a browser. */
  probe(): void;
}

export type ClientErrorCode =
  | ErrorCode
  | "closed"
  | "timeout"
  | "stopped"
  | "outbox_full"
  | "too_many_calls"
  | "too_many_watched"
  | "storage_failed"
  | "handler_failed"
  | "token_failed"
  | "bad_server_frame";
