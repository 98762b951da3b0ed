import type { ClientError } from "./client-error.ts";
import type { Ack, OutboxRequest, RequestHandle, RequestState } from "./types.ts";

/** One unsettled request of the outbox: what is known about the copies of it that were sent. */
export class RequestEntry {
  readonly id: string;
  readonly channel: string;
  readonly request: OutboxRequest;
  readonly handle: RequestHandle;
  /** The id of this device's request before it in the channel, those refused left out. */
  prev: string | undefined;
  /** False until the storage has it: nothing goes to the wire that a crash would forget. */
  isStored: boolean;
  /** True while a copy on the current socket has no answer. */
  isOnWire = false;
  /** When the last copy was sent, and with which `prev`. */
  sentAt = 0;
  sentPrev: string | undefined;
  /**
   * Copies sent that no definite refusal has answered. While one more than the copy just refused is open, a refusal
   * proves nothing: the other copy may still get in (rule 9 of the log).
   */
  openCopies: number;
  /** Refusals that could not settle the request because of `openCopies`. */
  inconclusiveRefusals = 0;
  #state: RequestState = "queued";
  #resolve: (ack: Ack) => void = () => {};
  #reject: (error: ClientError) => void = () => {};

  constructor(options: {
    id: string;
    channel: string;
    request: OutboxRequest;
    prev: string | undefined;
    /** Read from storage: an earlier run may have sent it. */
    isRestored: boolean;
  }) {
    this.id = options.id;
    this.channel = options.channel;
    this.request = options.request;
    this.prev = options.prev;
    this.isStored = options.isRestored;
    this.openCopies = options.isRestored ? 1 : 0;
    const settled = new Promise<Ack>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // The state and the `request` event tell of a failure too; who ignores the promise must not crash by it.
    settled.catch(() => {});
    const readState = (): RequestState => this.#state;
    this.handle = {
      id: this.id,
      channel: this.channel,
      request: this.request,
      settled,
      get state() {
        return readState();
      },
    };
  }

  get state(): RequestState {
    return this.#state;
  }

  /** Moves between `queued` and `sending`; true if that is a change. */
  move(state: "queued" | "sending"): boolean {
    if (this.#state === state || this.isSettled) return false;
    this.#state = state;
    return true;
  }

  get isSettled(): boolean {
    return this.#state === "sent" || this.#state === "failed";
  }

  succeed(ack: Ack): void {
    this.#state = "sent";
    this.#resolve(ack);
  }

  fail(error: ClientError): void {
    this.#state = "failed";
    this.#reject(error);
  }

  /** The frame as it goes to the wire. */
  frame(): string {
    const { id, channel, prev } = this;
    return JSON.stringify({ ...this.request, id, channel, ...(prev === undefined ? {} : { prev }) });
  }
}
