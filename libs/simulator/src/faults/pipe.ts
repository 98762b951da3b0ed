import type { Socket } from "node:net";
import type { Random } from "../random.ts";
import type { DirectionFaults } from "./fault-settings.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Bytes on their way, which something may hold. */
export interface Parcel {
  /** Lets it go on, if it was held; what stands behind it follows. */
  release(): void;
}

interface Waiting extends Parcel {
  bytes: Buffer;
  readonly arrivedAt: number;
  /** 0 to 1, of the jitter. */
  readonly luck: number;
  heldUntil: number;
}

/** The source is not read while more than this waits; once half of it is gone, it is read again. */
const waitingBytesMax = 1024 * 1024;

/**
 * One direction of a connection: what `take` gets is written to the sink, late, slowly or not at all.
 * **Order**: never changes; a parcel that is held holds all behind it, the end of the connection included.
 * **Bound**: with more than 1 MiB waiting the source is not read.
 */
export class Pipe {
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #random: Random;
  readonly #onBytes: (count: number) => void;
  readonly #bucket = new TokenBucket();
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #faults: DirectionFaults;
  #isFrozen = false;
  #isBlocked = false;
  #end: "none" | "finish" | "reset" = "none";
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: {
    source: Socket;
    sink: Socket;
    random: Random;
    faults: DirectionFaults;
    onBytes: (count: number) => void;
  }) {
    this.#source = parts.source;
    this.#sink = parts.sink;
    this.#random = parts.random;
    this.#onBytes = parts.onBytes;
    this.#faults = parts.faults;
    this.#bucket.setRate(parts.faults.bytesPerS, performance.now());
    this.#sink.on("drain", () => {
      this.#isBlocked = false;
      this.#pump();
    });
  }

  /** With `heldMs` it stays here at least so long; Infinity: until it is released. */
  take(bytes: Buffer, heldMs = 0): Parcel {
    const now = performance.now();
    const parcel: Waiting = {
      bytes,
      arrivedAt: now,
      luck: this.#random.fraction(),
      heldUntil: now + heldMs,
      release: () => {
        parcel.heldUntil = 0;
        this.#pump();
      },
    };
    if (this.#sink.destroyed) return parcel;
    this.#waiting.push(parcel);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > waitingBytesMax) this.#source.pause();
    this.#pump();
    return parcel;
  }

  /** The source has ended: so does the sink, behind what waits. */
  finish(): void {
    if (this.#end === "none") this.#end = "finish";
    this.#pump();
  }

  /** The source is broken: the sink is reset behind what can still be written. */
  reset(): void {
    this.#end = "reset";
    this.#pump();
  }

  setFaults(faults: DirectionFaults): void {
    this.#faults = faults;
    this.#bucket.setRate(faults.bytesPerS, performance.now());
    this.#pump();
  }

  setFrozen(isFrozen: boolean): void {
    this.#isFrozen = isFrozen;
    this.#pump();
  }

  /** Forgets what waits. */
  drop(): void {
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    this.#source.resume();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    if (this.#isFrozen || this.#faults.isPaused) return;
    if (this.#sink.destroyed) return this.drop();
    const { latencyMs, jitterMs } = this.#faults;
    const now = performance.now();
    for (;;) {
      // A reader that does not read is told of a reset all the same.
      if (this.#isBlocked && this.#end !== "reset") return;
      const head = this.#isBlocked ? undefined : this.#waiting[0];
      if (head === undefined) return this.#pass();
      const waitMs = Math.max(head.arrivedAt + latencyMs + head.luck * jitterMs, head.heldUntil) - now;
      if (waitMs > 0) return this.#wake(waitMs);
      const count = this.#bucket.take(head.bytes.length, now);
      if (count === 0 && head.bytes.length > 0) return this.#wake(this.#bucket.waitMs(now));
      this.#write(head, count);
    }
  }

  #write(head: Waiting, count: number): void {
    const part = head.bytes.subarray(0, count);
    if (count === head.bytes.length) this.#waiting.shift();
    else head.bytes = head.bytes.subarray(count);
    this.#waitingBytes -= count;
    this.#onBytes(count);
    if (!this.#sink.write(part)) this.#isBlocked = true;
    if (this.#waitingBytes < waitingBytesMax / 2 && this.#source.isPaused()) this.#source.resume();
  }

  #pass(): void {
    if (this.#end === "reset") this.#sink.resetAndDestroy();
    else if (this.#end === "finish" && !this.#sink.writableEnded) this.#sink.end();
  }

  #wake(inMs: number): void {
    if (inMs === Number.POSITIVE_INFINITY) return;
    // The ceiling: a timer that comes a fraction too early would only be set again.
    this.#timer = setTimeout(() => this.#pump(), Math.ceil(inMs));
  }
}
