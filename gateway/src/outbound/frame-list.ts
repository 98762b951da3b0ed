/** Bytes in front of a text frame's payload. **Source**: RFC 6455, section 5.2. */
export function headerBytes(length: number): number {
  return length < 126 ? 2 : length < 65_536 ? 4 : 10;
}

/** Writes the header of one whole, unmasked text frame; returns the place after it. */
export function writeHeader(target: Buffer, at: number, length: number): number {
  target[at] = 0x81;
  if (length < 126) {
    target[at + 1] = length;
    return at + 2;
  }
  if (length < 65_536) {
    target[at + 1] = 126;
    target.writeUInt16BE(length, at + 2);
    return at + 4;
  }
  target[at + 1] = 127;
  target.writeUInt32BE(Math.floor(length / 2 ** 32), at + 2);
  target.writeUInt32BE(length >>> 0, at + 6);
  return at + 10;
}

/**
 * The frames that a socket is sent in one tick, as a path in a tree: two sockets with the same frames in the same order
 * stand on the same node, and share the one buffer that it joins. Payloads are told apart by identity, so the payload of
 * one link frame is one edge however many sessions it goes to. The tree lives for one tick.
 */
export class FrameList {
  /** Of this list on the wire, headers included. */
  readonly bytes: number;
  readonly frames: number;
  readonly #before: FrameList | undefined;
  readonly #payload: Uint8Array | undefined;
  /** Nearly always there is one way on, or thousands of them from the root. */
  #lastNext: FrameList | undefined;
  #next: Map<Uint8Array, FrameList> | undefined;
  #joined: Buffer | undefined;

  constructor(before?: FrameList, payload?: Uint8Array) {
    this.#before = before;
    this.#payload = payload;
    this.bytes =
      before === undefined || payload === undefined ? 0 : before.bytes + headerBytes(payload.length) + payload.length;
    this.frames = before === undefined ? 0 : before.frames + 1;
  }

  /** This list with one more frame that goes to no other socket: nobody else will come this way. */
  withOwn(payload: Uint8Array): FrameList {
    return new FrameList(this, payload);
  }

  /** This list with one more frame. */
  with(payload: Uint8Array): FrameList {
    if (this.#lastNext !== undefined && this.#lastNext.#payload === payload) return this.#lastNext;
    let next = this.#next?.get(payload);
    if (next === undefined) {
      next = new FrameList(this, payload);
      if (this.#lastNext !== undefined) {
        this.#next ??= new Map();
        const last = this.#lastNext;
        if (last.#payload !== undefined) this.#next.set(last.#payload, last);
        this.#next.set(payload, next);
      }
    }
    this.#lastNext = next;
    return next;
  }

  /** All frames as one buffer, made once. Nobody may change it. */
  joined(): Buffer {
    if (this.#joined !== undefined) return this.#joined;
    const joined = Buffer.allocUnsafe(this.bytes);
    // From the end: each node knows where its frame begins.
    for (let node: FrameList | undefined = this; node !== undefined; node = node.#before) {
      if (node.#before === undefined || node.#payload === undefined) break;
      joined.set(node.#payload, writeHeader(joined, node.#before.bytes, node.#payload.length));
    }
    this.#joined = joined;
    return joined;
  }
}
