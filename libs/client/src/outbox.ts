import type { AckFrame, ErrorFrame, EventFrame } from "@parley/protocol";
import { Backoff } from "./backoff.ts";
import { ClientError } from "./client-error.ts";
import { frameBytesMax, isTooLarge } from "./frame-size.ts";
import { judgeError, OutboxChannel } from "./outbox-channel.ts";
import type { OutboxStorage } from "./outbox-storage.ts";
import { RequestEntry } from "./request-entry.ts";
import type { Ack, ClientLimits, Clock, OutboxRequest, RequestChange, RequestHandle } from "./types.ts";

/** Frames on the wire at once, over all channels. */
const inFlightTotalMax = 256;
/** Channels whose last request is remembered for `prev`; forgetting one is harmless once that request is settled. */
const idleChannelsMax = 1_000;

export interface OutboxOptions {
  readonly storage: OutboxStorage;
  readonly limits: ClientLimits;
  readonly clock: Clock;
  readonly random: () => number;
  readonly nextId: () => string;
  /** Writes one frame; false if there is no session. */
  readonly transmit: (frame: string) => boolean;
  readonly onChange: (change: RequestChange) => void;
  readonly onError: (error: ClientError) => void;
}

/**
 * Requests that must take effect once and in order, kept until they are settled.
 *
 * **Order**: by channel that of the calls. Several are on the wire at once; what is sent again keeps its id and place.
 * **Repeat**: a copy is sent again after a reconnect, an answer "try again", or no answer at all; the id makes it one.
 * **Bounds**: `outboxMax`, `outboxChannelMax` → `outbox_full`; 64 KiB a frame → `too_large`.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #channels = new Map<string, OutboxChannel>();
  readonly #entries = new Map<string, RequestEntry>();
  readonly #timers = new Map<string, { readonly at: number; readonly timer: unknown }>();
  #onWire = 0;
  /** True while some channel could not send because of the bound over all channels. */
  #hasBlocked = false;
  #isOnline = false;
  #isClosed = false;
  /** The last call to the storage: calls are made one after the other. */
  #storageTail: Promise<unknown> = Promise.resolve();

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /**
   * Reads what an earlier run left, ahead of what was added meanwhile. To be called once, before all else.
   * **Errors**: what the storage rejects with; then nothing was read, and what is added is kept no longer than the run.
   */
  async load(): Promise<void> {
    const loading = this.#options.storage.load();
    this.#storageTail = loading.catch(() => {});
    const stored = await loading;
    if (this.#isClosed) return;
    const added = [...this.#entries.values()];
    this.#entries.clear();
    const restored = Map.groupBy(
      stored.map((kept) => new RequestEntry({ ...kept, prev: undefined, isRestored: true })),
      (entry) => entry.channel,
    );
    for (const [channel, entries] of restored) this.#channelOf(channel).prepend(entries);
    for (const entry of [...restored.values()].flat()) {
      this.#entries.set(entry.id, entry);
      this.#change(entry);
    }
    for (const entry of added) this.#entries.set(entry.id, entry);
  }

  get size(): number {
    return this.#entries.size;
  }

  get hasOpen(): boolean {
    return this.#onWire > 0;
  }

  handles(): readonly RequestHandle[] {
    return [...this.#entries.values()].map((entry) => entry.handle);
  }

  add(channel: string, request: OutboxRequest): RequestHandle {
    const { nextId } = this.#options;
    const queue = this.#channelOf(channel);
    const entry = new RequestEntry({ id: nextId(), channel, request, prev: queue.last, isRestored: false });
    const refusal = this.#refusalAtBounds(queue, entry);
    if (refusal !== undefined) {
      entry.fail(refusal);
      this.#change(entry, { error: refusal });
      return entry.handle;
    }
    queue.add(entry);
    this.#entries.set(entry.id, entry);
    this.#change(entry);
    this.#store(entry);
    return entry.handle;
  }

  /** A session begins: everything unsettled is sent again, in order. */
  goOnline(): void {
    this.#isOnline = true;
    for (const queue of this.#channels.values()) {
      queue.retryAt = 0;
      queue.holdUntil = 0;
      queue.isProbing = false;
    }
    this.#flushAll();
  }

  /** The session ended: what has no answer is unknown, and waits for the next. */
  goOffline(): void {
    this.#isOnline = false;
    for (const { timer } of this.#timers.values()) this.#options.clock.clearTimeout(timer);
    this.#timers.clear();
    for (const entry of this.#entries.values()) this.#leaveOpen(entry);
  }

  handleAck(frame: AckFrame): void {
    const entry = this.#entries.get(frame.id);
    if (entry === undefined) return;
    const { id, channel, seq, time } = frame;
    this.#settleSent(entry, { id, channel, seq, time, ...(frame.duplicate === true ? { duplicate: true } : {}) });
  }

  /** One's own event in the log proves as much as its `ack`, which may have been lost with a socket. */
  handleOwnEvent(event: EventFrame): void {
    if (event.id === undefined) return;
    const entry = this.#entries.get(event.id);
    if (entry === undefined || entry.channel !== event.channel) return;
    this.#settleSent(entry, { id: entry.id, channel: entry.channel, seq: event.seq, time: event.time });
  }

  /** True if the error answers a request of the outbox. */
  handleError(frame: ErrorFrame): boolean {
    const entry = frame.id === undefined ? undefined : this.#entries.get(frame.id);
    if (entry === undefined) return false;
    const queue = this.#channelOf(entry.channel);
    this.#takeOffWire(entry);
    const verdict = judgeError(entry, frame, queue, this.#options.clock.now());
    if (verdict.kind === "failed") {
      this.#settleFailed(entry, verdict.error);
      return true;
    }
    const isOldest = queue.entries[0] === entry;
    if (verdict.delayMs !== 0 || !isOldest) queue.isProbing = true;
    if (frame.code === "rate_limited") queue.holdUntil = this.#options.clock.now() + (verdict.delayMs ?? 1_000);
    // The wait is the oldest's: what stands behind it is answered "try again" only because of it.
    if (isOldest) this.#retryLater(queue, verdict.delayMs);
    else this.#schedule(queue);
    this.#unblock();
    return true;
  }

  /** The channel's log was restored to an older state: what was acked before may be gone. */
  handleReset(channel: string): void {
    this.#channels.get(channel)?.forgetSettledPrev();
  }

  /** Rejects what is unsettled with `closed`; it stays in the storage. Resolves when the storage is done. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.goOffline();
    for (const entry of this.#entries.values()) {
      const error = new ClientError("closed", "the client was closed before the request was settled", {
        isUnknown: entry.openCopies > 0,
      });
      entry.fail(error);
    }
    this.#entries.clear();
    this.#channels.clear();
    await this.#storageTail;
  }

  #refusalAtBounds(queue: OutboxChannel, entry: RequestEntry): ClientError | undefined {
    const { outboxMax, outboxChannelMax } = this.#options.limits;
    if (this.#isClosed) return new ClientError("closed", "the client is closed");
    if (this.#entries.size >= outboxMax) {
      return new ClientError("outbox_full", `outboxMax: ${outboxMax} requests are unsettled already`);
    }
    if (queue.entries.length >= outboxChannelMax) {
      const bound = `outboxChannelMax: ${outboxChannelMax} requests`;
      return new ClientError("outbox_full", `${bound} of channel ${queue.channel} are unsettled already`);
    }
    if (isTooLarge(entry.frame())) {
      return new ClientError("too_large", `the frame is larger than ${frameBytesMax} bytes`);
    }
    return undefined;
  }

  #channelOf(channel: string): OutboxChannel {
    const known = this.#channels.get(channel);
    if (known !== undefined) return known;
    if (this.#channels.size >= idleChannelsMax) this.#forgetIdleChannel();
    const { random } = this.#options;
    const made = new OutboxChannel(channel, new Backoff({ baseMs: 500, maxMs: 5_000, random }));
    this.#channels.set(channel, made);
    return made;
  }

  #forgetIdleChannel(): void {
    for (const queue of this.#channels.values()) {
      if (queue.entries.length > 0) continue;
      this.#channels.delete(queue.channel);
      return;
    }
  }

  #store(entry: RequestEntry): void {
    const { id, channel, request } = entry;
    const put = this.#afterStorage(() => this.#options.storage.put({ id, channel, request }));
    put.then(
      () => {
        entry.isStored = true;
        if (!this.#isClosed) this.#flush(this.#channelOf(channel));
      },
      (cause: unknown) => {
        if (entry.isSettled) return;
        this.#settleFailed(entry, new ClientError("storage_failed", "the outbox could not keep it", { cause }));
      },
    );
  }

  #forget(entry: RequestEntry): void {
    this.#afterStorage(() => this.#options.storage.remove(entry.id)).catch((cause: unknown) => {
      this.#options.onError(new ClientError("storage_failed", "the outbox could not forget it", { cause }));
    });
  }

  #afterStorage(run: () => Promise<void>): Promise<void> {
    const result = this.#storageTail.then(run);
    this.#storageTail = result.catch(() => {});
    return result;
  }

  #flushAll(): void {
    for (const queue of this.#channels.values()) if (queue.entries.length > 0) this.#flush(queue);
  }

  #flush(queue: OutboxChannel): void {
    if (!this.#isOnline) return;
    const now = this.#options.clock.now();
    for (const entry of queue.sendable(now, this.#options.limits.inFlightMax)) {
      if (this.#onWire >= inFlightTotalMax) {
        this.#hasBlocked = true;
        break;
      }
      if (!this.#options.transmit(entry.frame())) break;
      entry.isOnWire = true;
      entry.sentAt = now;
      entry.sentPrev = entry.prev;
      entry.openCopies += 1;
      this.#onWire += 1;
      if (entry.move("sending")) this.#change(entry);
    }
    this.#schedule(queue);
  }

  #retryLater(queue: OutboxChannel, delayMs: number | undefined): void {
    // The predecessor of the oldest is settled; not naming it spares the server a look-up, and a lost log a deadlock.
    queue.forgetSettledPrev();
    if (delayMs === 0) {
      this.#flush(queue);
      return;
    }
    const ownMs = queue.backoff.nextDelayMs();
    // The server's wait is the least; the spread on top keeps clients that were refused together apart.
    queue.retryAt =
      this.#options.clock.now() + (delayMs === undefined ? ownMs : delayMs + Math.min(ownMs, delayMs / 2));
    this.#schedule(queue);
  }

  /** Sets the channel's one timer: the end of its wait, or the time when an answer is overdue. */
  #schedule(queue: OutboxChannel): void {
    const { clock, limits } = this.#options;
    const known = this.#timers.get(queue.channel);
    if (!this.#isOnline || queue.entries.length === 0) {
      if (known !== undefined) this.#clearTimer(queue.channel, known.timer);
      return;
    }
    const now = clock.now();
    const sentAt = queue.oldestSentAt();
    const answerBy = sentAt === undefined ? Number.POSITIVE_INFINITY : sentAt + limits.answerTimeoutMs;
    const waitUntil = Math.max(queue.retryAt, queue.holdUntil);
    const at = waitUntil > now ? Math.min(waitUntil, answerBy) : answerBy;
    // A timer that fires early looks again: most answers come long before, and none should cost a timer.
    if (known !== undefined && known.at <= at) return;
    if (known !== undefined) this.#clearTimer(queue.channel, known.timer);
    if (at === Number.POSITIVE_INFINITY) return;
    const timer = clock.setTimeout(() => this.#wake(queue), Math.max(0, at - now));
    this.#timers.set(queue.channel, { at, timer });
  }

  #clearTimer(channel: string, timer: unknown): void {
    this.#options.clock.clearTimeout(timer);
    this.#timers.delete(channel);
  }

  #wake(queue: OutboxChannel): void {
    this.#timers.delete(queue.channel);
    const overdue = this.#options.clock.now() - this.#options.limits.answerTimeoutMs;
    const sentAt = queue.oldestSentAt();
    if (sentAt !== undefined && sentAt <= overdue) {
      // An answer was lost on the way, or takes long. All that is open is sent again, the oldest first.
      queue.isProbing = true;
      for (const entry of queue.entries) this.#leaveOpen(entry);
    }
    this.#flush(queue);
    this.#unblock();
  }

  /** No answer of the copy that is on the wire will come: what becomes of it is not known. */
  #leaveOpen(entry: RequestEntry): void {
    if (!entry.isOnWire) return;
    this.#channelOf(entry.channel).noteLeftOpen();
    this.#takeOffWire(entry);
  }

  #takeOffWire(entry: RequestEntry): void {
    if (!entry.isOnWire) return;
    entry.isOnWire = false;
    this.#onWire -= 1;
    if (entry.move("queued")) this.#change(entry);
  }

  #settleSent(entry: RequestEntry, ack: Ack): void {
    const queue = this.#release(entry, false);
    entry.succeed(ack);
    queue.noteAck(this.#options.clock.now());
    this.#change(entry, { ack });
    this.#goOn(queue);
  }

  #settleFailed(entry: RequestEntry, error: ClientError): void {
    const queue = this.#release(entry, true);
    entry.fail(error);
    // The server answers: what comes next must not wait as long as what has just been given up.
    queue.backoff.reset();
    this.#change(entry, { error });
    this.#goOn(queue);
  }

  #release(entry: RequestEntry, hasFailed: boolean): OutboxChannel {
    if (entry.isOnWire) this.#onWire -= 1;
    entry.isOnWire = false;
    this.#entries.delete(entry.id);
    const queue = this.#channelOf(entry.channel);
    queue.remove(entry, hasFailed);
    this.#forget(entry);
    return queue;
  }

  #goOn(queue: OutboxChannel): void {
    queue.isProbing = false;
    queue.retryAt = 0;
    this.#flush(queue);
    this.#unblock();
  }

  /** Lets the channels go on that found no room, once there is some. */
  #unblock(): void {
    if (!this.#hasBlocked || this.#onWire >= inFlightTotalMax) return;
    this.#hasBlocked = false;
    this.#flushAll();
  }

  #change(entry: RequestEntry, outcome: { ack?: Ack; error?: ClientError } = {}): void {
    const { id, channel, state, request } = entry;
    this.#options.onChange({ id, channel, state, request, ...outcome });
  }
}
