import type { Socket } from "node:net";
import { Packr } from "msgpackr";
import { BatchReader, lengthBytes } from "./batch-reader.ts";
import { CodecError } from "./codec-read.ts";
import { frameWeight } from "./frame-weight.ts";
import type { DownFrame, UpFrame } from "./link.ts";
import { LinkEnd } from "./link-end.ts";
import type { LinkLimits } from "./link-limits.ts";

/** A batch is closed at this size, so that a burst does not become one buffer of many megabytes. */
const batchBytesWanted = 1024 * 1024;
/** A peer that does not read its end of the stream is cut after so long. */
const lingerMs = 2_000;

const ping = Buffer.alloc(lengthBytes);

/** Frames are lists by position, so a batch needs no record definitions and can be unpacked by itself. */
const packr = new Packr({ useRecords: false, mapsAsObjects: true });

/** One end of an authenticated TCP (or Unix) socket. Starts reading at once. */
export class TcpEnd<Out extends UpFrame | DownFrame, In extends UpFrame | DownFrame> extends LinkEnd<Out, In> {
  readonly #socket: Socket;
  readonly #limits: LinkLimits;
  readonly #pack: (frame: Out) => unknown[];
  readonly #unpack: (packed: unknown) => In;
  readonly #reader: BatchReader;
  readonly #timer: NodeJS.Timeout;
  #heardAt = performance.now();
  #checkedAt = performance.now();
  #hasWritten = false;

  constructor(
    socket: Socket,
    peer: string,
    limits: LinkLimits,
    pack: (frame: Out) => unknown[],
    unpack: (packed: unknown) => In,
  ) {
    super(peer, limits.bufferBytesMax);
    this.#socket = socket;
    this.#limits = limits;
    this.#pack = pack;
    this.#unpack = unpack;
    this.#reader = new BatchReader(limits.batchBytesMax);
    this.#timer = setInterval(this.#beat, limits.pingMs);
    socket.on("data", this.#read);
    socket.on("error", (error) => this.finish(error.message));
    socket.on("end", () => this.finish("closed by the other end"));
    socket.on("close", () => {
      clearInterval(this.#timer);
      this.finish("closed by the other end");
    });
    // The handshake read in paused mode, and `data` alone does not leave it.
    socket.resume();
  }

  protected unsentBytes(): number {
    return this.#socket.writableLength;
  }

  protected transmit(frames: Out[]): void {
    this.#hasWritten = true;
    this.#socket.cork();
    let packed: unknown[] = [];
    let bytes = 0;
    for (const frame of frames) {
      packed.push(this.#pack(frame));
      bytes += frameWeight(frame);
      if (bytes < batchBytesWanted) continue;
      this.#write(packed);
      packed = [];
      bytes = 0;
    }
    if (packed.length > 0) this.#write(packed);
    this.#socket.uncork();
  }

  protected shut(isGraceful: boolean): void {
    clearInterval(this.#timer);
    if (!isGraceful) {
      this.#socket.destroy();
      return;
    }
    this.#socket.end();
    const linger = setTimeout(() => this.#socket.destroy(), lingerMs);
    this.#socket.on("close", () => clearTimeout(linger));
  }

  #write(packed: unknown[]): void {
    const payload = packr.pack(packed);
    // Copied behind its length: one buffer is written for less than two.
    const batch = Buffer.allocUnsafe(lengthBytes + payload.length);
    batch.writeUInt32BE(payload.length);
    batch.set(payload, lengthBytes);
    this.#socket.write(batch);
  }

  readonly #read = (chunk: Buffer): void => {
    this.#heardAt = performance.now();
    try {
      for (const batch of this.#reader.push(chunk)) {
        if (!this.isOpen) return;
        if (batch.length > 0) this.receive(this.#decode(batch));
      }
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      this.abort(error.message);
    }
  };

  /** Whole batches only: nothing of a batch that is malformed anywhere is delivered. **Errors**: CodecError. */
  #decode(batch: Buffer): In[] {
    let packed: unknown;
    try {
      packed = packr.unpack(batch);
    } catch {
      throw new CodecError("not to be unpacked");
    }
    if (!Array.isArray(packed)) throw new CodecError("no list of frames");
    return packed.map(this.#unpack);
  }

  readonly #beat = (): void => {
    const now = performance.now();
    // After a stall of our own, what the peer sent meanwhile has not been read yet: give it one more turn.
    const hasStalled = now - this.#checkedAt > 2 * this.#limits.pingMs;
    this.#checkedAt = now;
    if (!hasStalled && now - this.#heardAt > this.#limits.deadAfterMs) {
      this.abort(`nothing heard for ${this.#limits.deadAfterMs} ms`);
      return;
    }
    if (!this.#hasWritten) this.#socket.write(ping);
    this.#hasWritten = false;
  };
}
