import type { Socket } from "node:net";

/** Above what a page of events, or a run, can take. */
const batchBytesMax = 64 * 1024 * 1024;
const lengthBytes = 4;

/**
 * Lists of values over a socket, as JSON behind a length (32 bits, big-endian): all that one tick has goes in one write.
 * JSON, since it keeps lone surrogates, which UTF-8 can't.
 */
export class Batches<Out, In> {
  readonly #socket: Socket;
  readonly #onValues: (values: readonly In[]) => void;
  #queue: Out[] = [];
  #chunks: Buffer[] = [];
  #bytes = 0;

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
    const json = JSON.stringify(values);
    const length = Buffer.byteLength(json);
    const batch = Buffer.allocUnsafe(lengthBytes + length);
    batch.writeUInt32BE(length);
    batch.write(json, lengthBytes);
    this.#socket.write(batch);
  };

  #read(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const first = this.#chunks[0];
    if (this.#bytes < lengthBytes || first === undefined) return;
    // Joined only once a batch is whole: else a large one would be copied at each chunk.
    if (first.length >= lengthBytes && this.#bytes < lengthBytes + first.readUInt32BE(0) && this.#isSane(first)) return;
    let rest = this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks, this.#bytes);
    while (rest.length >= lengthBytes && this.#isSane(rest)) {
      const end = lengthBytes + rest.readUInt32BE(0);
      if (rest.length < end) break;
      const values = parseList(rest.toString("utf8", lengthBytes, end));
      if (values === undefined) return void this.#socket.destroy(new Error("no batch of calls"));
      this.#onValues(values as readonly In[]);
      rest = rest.subarray(end);
    }
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#bytes = rest.length;
  }

  #isSane(bytes: Buffer): boolean {
    if (bytes.readUInt32BE(0) <= batchBytesMax) return true;
    this.#socket.destroy(new Error(`a batch of more than ${batchBytesMax} bytes`));
    return false;
  }
}

function parseList(json: string): readonly unknown[] | undefined {
  try {
    const values: unknown = JSON.parse(json);
    return Array.isArray(values) ? values : undefined;
  } catch {
    return undefined;
  }
}
