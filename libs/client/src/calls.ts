import type { AckFrame, ErrorFrame, ResultFrame } from "@parley/protocol";
import { Backoff } from "./backoff.ts";
import { ClientError } from "./client-error.ts";
import type { ClientLimits, Clock } from "./types.ts";

export type CallFrame = { readonly type: string } & Readonly<Record<string, unknown>>;
export type CallAnswer = AckFrame | ResultFrame;

interface Call {
  readonly id: string;
  readonly frame: string;
  /** True where a lost answer leaves open whether something happened. */
  readonly isWish: boolean;
  readonly backoff: Backoff;
  readonly resolve: (answer: CallAnswer) => void;
  readonly reject: (error: ClientError) => void;
  isOnWire: boolean;
  copies: number;
  deadline: unknown;
  retry: unknown;
}

export interface CallsOptions {
  readonly limits: ClientLimits;
  readonly clock: Clock;
  readonly random: () => number;
  readonly nextId: () => string;
  readonly transmit: (frame: string) => boolean;
}

/**
 * Requests with one answer and no place in an order: history, channels, membership. A call waits for the next session
 * where there is none, and keeps its id over reconnects, so that a wish that is repeated takes effect once.
 *
 * **Bounds**: `callsMax` → `too_many_calls`; `callTimeoutMs` → `timeout`, with `isUnknown` for a wish that was sent.
 */
export class Calls {
  readonly #options: CallsOptions;
  readonly #calls = new Map<string, Call>();
  #isOnline = false;
  #isClosed = false;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  get hasOpen(): boolean {
    return this.#isOnline && this.#calls.size > 0;
  }

  /** Reads something: a lost answer means nothing. */
  ask(frame: CallFrame): Promise<CallAnswer> {
    return this.#call(frame, false);
  }

  /** Changes something. */
  wish(frame: CallFrame): Promise<CallAnswer> {
    return this.#call(frame, true);
  }

  goOnline(): void {
    this.#isOnline = true;
    for (const call of this.#calls.values()) {
      this.#options.clock.clearTimeout(call.retry);
      call.isOnWire = false;
      this.#transmit(call);
    }
  }

  goOffline(): void {
    this.#isOnline = false;
  }

  /** True if the frame answers a call. */
  handleAnswer(frame: CallAnswer): boolean {
    const call = this.#take(frame.id);
    call?.resolve(frame);
    return call !== undefined;
  }

  handleError(frame: ErrorFrame): boolean {
    const call = frame.id === undefined ? undefined : this.#calls.get(frame.id);
    if (call === undefined) return false;
    call.isOnWire = false;
    // The token's end is the session's: the next one brings another.
    const isSessionEnd = frame.code === "unauthenticated" || frame.code === "token_expired";
    if (!frame.retryable && frame.unknown !== true && !isSessionEnd) {
      this.#take(call.id);
      call.reject(new ClientError(frame.code, frame.message, { isUnknown: call.isWish && call.copies > 1 }));
      return true;
    }
    const { clock } = this.#options;
    const delayMs = (frame.retryAfterMs ?? 0) + call.backoff.nextDelayMs();
    clock.clearTimeout(call.retry);
    call.retry = clock.setTimeout(() => this.#transmit(call), delayMs);
    return true;
  }

  close(error: ClientError): void {
    this.#isClosed = true;
    this.#isOnline = false;
    for (const call of [...this.#calls.values()]) {
      this.#take(call.id);
      call.reject(new ClientError(error.code, error.message, { isUnknown: call.isWish && call.copies > 0 }));
    }
  }

  #call(frame: CallFrame, isWish: boolean): Promise<CallAnswer> {
    const { limits, clock, random, nextId } = this.#options;
    if (this.#isClosed) return Promise.reject(new ClientError("closed", "the client is closed"));
    if (this.#calls.size >= limits.callsMax) {
      return Promise.reject(new ClientError("too_many_calls", `callsMax: ${limits.callsMax} calls are open`));
    }
    return new Promise((resolve, reject) => {
      const id = nextId();
      const call: Call = {
        id,
        frame: JSON.stringify({ ...frame, id }),
        isWish,
        backoff: new Backoff({ baseMs: 500, maxMs: 10_000, random }),
        resolve,
        reject,
        isOnWire: false,
        copies: 0,
        deadline: clock.setTimeout(() => this.#expire(id), limits.callTimeoutMs),
        retry: undefined,
      };
      this.#calls.set(id, call);
      this.#transmit(call);
    });
  }

  #transmit(call: Call): void {
    if (!this.#isOnline || call.isOnWire || !this.#calls.has(call.id)) return;
    if (!this.#options.transmit(call.frame)) return;
    call.isOnWire = true;
    call.copies += 1;
  }

  #expire(id: string): void {
    const call = this.#take(id);
    if (call === undefined) return;
    const isUnknown = call.isWish && call.copies > 0;
    const message = `no answer after ${this.#options.limits.callTimeoutMs} ms`;
    call.reject(new ClientError("timeout", message, { isUnknown }));
  }

  #take(id: string): Call | undefined {
    const call = this.#calls.get(id);
    if (call === undefined) return undefined;
    this.#calls.delete(id);
    this.#options.clock.clearTimeout(call.deadline);
    this.#options.clock.clearTimeout(call.retry);
    return call;
  }
}
