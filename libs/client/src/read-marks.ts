import type { Seq } from "@parley/protocol";
import type { Clock } from "./types.ts";

/** Calls that come within so many ms go out as one frame a channel. */
const joinMs = 200;
/** Channels with a mark that is not known to have arrived; the oldest mark is forgotten at the bound. */
const marksMax = 1_000;
const typingEveryMs = 3_000;

export interface ReadMarksPorts {
  readonly clock: Clock;
  readonly transmit: (frame: string) => boolean;
}

/** `read` and `typing`: frames without an answer, best effort. */
export class ReadMarks {
  readonly #ports: ReadMarksPorts;
  /** The highest mark of each channel, as the caller set it. */
  readonly #marks = new Map<string, Seq>();
  readonly #unsent = new Set<string>();
  readonly #typedAt = new Map<string, number>();
  #timer: unknown;

  constructor(ports: ReadMarksPorts) {
    this.#ports = ports;
  }

  mark(channel: string, seq: Seq): void {
    if (seq <= (this.#marks.get(channel) ?? 0)) return;
    this.#marks.delete(channel);
    this.#marks.set(channel, seq);
    this.#unsent.add(channel);
    const [oldest] = this.#marks.keys();
    if (this.#marks.size > marksMax && oldest !== undefined) {
      this.#marks.delete(oldest);
      this.#unsent.delete(oldest);
    }
    this.#timer ??= this.#ports.clock.setTimeout(() => this.flush(), joinMs);
  }

  /** Sends what is unsent; what finds no session waits for the next. */
  flush(): void {
    this.#ports.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const channel of this.#unsent) {
      const seq = this.#marks.get(channel);
      if (seq !== undefined && !this.#ports.transmit(JSON.stringify({ type: "read", channel, seq }))) return;
      this.#unsent.delete(channel);
    }
  }

  typing(channel: string): void {
    const { clock, transmit } = this.#ports;
    const now = clock.now();
    if (now - (this.#typedAt.get(channel) ?? 0) < typingEveryMs) return;
    if (!transmit(JSON.stringify({ type: "typing", channel }))) return;
    if (this.#typedAt.size >= marksMax) this.#typedAt.clear();
    this.#typedAt.set(channel, now);
  }

  close(): void {
    this.#ports.clock.clearTimeout(this.#timer);
    this.#unsent.clear();
  }
}
