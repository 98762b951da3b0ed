import type { ChannelId, Seq } from "@parley/protocol";

/** A batch that does not follow the link's format; the link is closed, since its sender is another version or broken. */
export class CodecError extends Error {
  constructor(what: string) {
    super(`malformed batch: ${what}`);
    this.name = "CodecError";
  }
}

/** Reads the fields of one packed frame in order; each step checks its type. */
export class FieldReader {
  readonly #fields: readonly unknown[];
  #at = 0;

  constructor(frame: unknown) {
    if (!Array.isArray(frame)) throw new CodecError("frame is no list");
    this.#fields = frame;
  }

  count(): number {
    const value = this.#fields[this.#at++];
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw this.#wrong("whole number");
    return value;
  }

  text(): string {
    const value = this.#fields[this.#at++];
    if (typeof value !== "string") throw this.#wrong("string");
    return value;
  }

  flag(): boolean {
    const value = this.#fields[this.#at++];
    if (typeof value !== "boolean") throw this.#wrong("boolean");
    return value;
  }

  bytes(): Uint8Array {
    const value = this.#fields[this.#at++];
    if (!(value instanceof Uint8Array)) throw this.#wrong("bytes");
    return value;
  }

  /** An absent optional field travels as null. */
  optional<T>(read: () => T): T | undefined {
    if (this.#fields[this.#at] == null) {
      this.#at++;
      return undefined;
    }
    return read();
  }

  counts(): number[] {
    return this.#list().map((value) => {
      if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw this.#wrong("whole numbers");
      return value;
    });
  }

  payloads(): Uint8Array[] {
    return this.#list().map((value) => {
      if (!(value instanceof Uint8Array)) throw this.#wrong("list of bytes");
      return value;
    });
  }

  /** Pairs of channel and seq travel as one flat list. */
  cursors(): (readonly [ChannelId, Seq])[] {
    const flat = this.#list();
    const pairs: (readonly [ChannelId, Seq])[] = [];
    for (let i = 0; i < flat.length; i += 2) {
      const channel = flat[i];
      const seq = flat[i + 1];
      if (typeof channel !== "string" || typeof seq !== "number" || !Number.isSafeInteger(seq)) {
        throw this.#wrong("cursors");
      }
      pairs.push([channel, seq]);
    }
    return pairs;
  }

  #list(): readonly unknown[] {
    const value = this.#fields[this.#at++];
    if (!Array.isArray(value)) throw this.#wrong("list");
    return value;
  }

  #wrong(wanted: string): CodecError {
    return new CodecError(`field ${this.#at - 1} is no ${wanted}`);
  }
}

export function flatCursors(cursors: readonly (readonly [ChannelId, Seq])[]): (string | number)[] {
  const flat: (string | number)[] = [];
  for (const [channel, seq] of cursors) flat.push(channel, seq);
  return flat;
}

/** msgpackr writes Buffers as plain binary on its fast path. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
