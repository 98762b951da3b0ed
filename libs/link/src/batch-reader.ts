import { CodecError } from "./codec-read.ts";

/** Length in front of each batch: unsigned, 32 bits, big-endian. A batch of length 0 is a ping. */
export const lengthBytes = 4;

/**
 * Cuts a byte stream into batches. Chunks are joined once a batch is whole, so a large batch costs one copy however
 * many reads it takes; a batch inside one chunk costs none.
 */
export class BatchReader {
  readonly #batchBytesMax: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Bytes needed before the next step is possible. */
  #needed = lengthBytes;

  constructor(batchBytesMax: number) {
    this.#batchBytesMax = batchBytesMax;
  }

  /** The batches that `chunk` completes. **Errors**: CodecError when a batch is larger than the bound. */
  *push(chunk: Buffer): Generator<Buffer> {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#needed) return;
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#bytes);
    let at = 0;
    this.#needed = lengthBytes;
    while (bytes.length - at >= lengthBytes) {
      const length = bytes.readUInt32BE(at);
      if (length > this.#batchBytesMax) throw new CodecError(`${length} bytes, allowed are ${this.#batchBytesMax}`);
      if (bytes.length - at - lengthBytes < length) {
        this.#needed = lengthBytes + length;
        break;
      }
      at += lengthBytes;
      yield bytes.subarray(at, at + length);
      at += length;
    }
    this.#chunks = at < bytes.length ? [bytes.subarray(at)] : [];
    this.#bytes = bytes.length - at;
  }
}
