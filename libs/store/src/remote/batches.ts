import type { Socket } from "node:net";
import { BatchReader, CodecError, lengthBytes } from "@parley/link";

/** Above what any one value takes: a run of 4 MiB, a page of some more. */
const batchBytesMax = 64 * 1024 * 1024;
/** Values of a batch at most: what a herd asks for in one tick stays far below the bound. */
const batchValuesMax = 64;
/** Where so many are larger than this, each goes alone; characters. */
const batchLengthMax = 4 * 1024 * 1024;

/**
 * Lists of values over a socket, as JSON in the batches of a link: all that one tick has goes in one write, or few. JSON,
 * since it keeps lone surrogates, which UTF-8 can't.
 */
export class Batches<Out, In> {
  readonly #socket: Socket;
  readonly #onValues: (values: readonly In[]) => void;
  readonly #reader = new BatchReader(batchBytesMax);
  #queue: Out[] = [];

  /** A peer that sends what is no batch is cut off. */
  constructor(socket: Socket, onValues: (values: readonly In[]) => void) {
    this.#socket = socket;
    this.#onValues = onValues;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
  }

  send(value: Out): void {
    if (this.#queue.push(value) === 1) setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    const values = this.#queue;
    this.#queue = [];
    if (this.#socket.destroyed) return;
    this.#socket.cork();
    for (let from = 0; from < values.length; from += batchValuesMax) {
      const some = values.length > batchValuesMax ? values.slice(from, from + batchValuesMax) : values;
      const json = JSON.stringify(some);
      if (json.length <= batchLengthMax) this.#write(json);
      else for (const value of some) this.#write(JSON.stringify([value]));
    }
    this.#socket.uncork();
  };

  #write(json: string): void {
    // UTF-8 takes three bytes a unit at most: to allot them costs less than to count before.
    const batch = json.length < 16_384 ? Buffer.allocUnsafe(lengthBytes + 3 * json.length) : sized(json);
    const bytes = batch.write(json, lengthBytes);
    batch.writeUInt32BE(bytes);
    this.#socket.write(batch.subarray(0, lengthBytes + bytes));
  }

  #read(chunk: Buffer): void {
    try {
      for (const batch of this.#reader.push(chunk)) this.#onValues(parseList(batch) as readonly In[]);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      this.#socket.destroy(error);
    }
  }
}

/** **Errors**: CodecError. */
function parseList(batch: Buffer): readonly unknown[] {
  let values: unknown;
  try {
    values = JSON.parse(batch.toString());
  } catch {
    throw new CodecError("no JSON");
  }
  if (!Array.isArray(values)) throw new CodecError("no list of calls");
  return values;
}

function sized(json: string): Buffer {
  return Buffer.allocUnsafe(lengthBytes + Buffer.byteLength(json));
}
