import type { Socket } from "node:net";
import { BatchReader, CodecError, lengthBytes } from "@parley/link";

/** Above what any one value takes: a run of 4 MiB, a page of some more. */
const batchBytesMax = 64 * 1024 * 1024;
/** A batch is closed at this size, so that what a herd asks for in one tick stays far below the bound. */
const batchBytesWanted = 1024 * 1024;

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
    let texts: string[] = [];
    let length = 0;
    for (const value of values) {
      const text = JSON.stringify(value);
      texts.push(text);
      length += text.length;
      if (length < batchBytesWanted) continue;
      this.#write(texts);
      texts = [];
      length = 0;
    }
    if (texts.length > 0) this.#write(texts);
    this.#socket.uncork();
  };

  #write(texts: readonly string[]): void {
    const json = `[${texts.join(",")}]`;
    const bytes = Buffer.byteLength(json);
    const batch = Buffer.allocUnsafe(lengthBytes + bytes);
    batch.writeUInt32BE(bytes);
    batch.write(json, lengthBytes);
    this.#socket.write(batch);
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
