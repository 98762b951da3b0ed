const eventsMax = 128;
const bytesMin = 2_048;
const bytesMax = 64 * 1024;

/**
 * The last events of a channel, for whoever resumes from among them: their payloads one behind the other in one buffer,
 * so that an event that is kept is no object that the garbage collector has to carry on.
 * **Bounds**: 128 to 256 events, in at most 64 KiB; the oldest go first, and of one that is larger than half of that
 * nothing is kept, nor of what was before it.
 */
export class Tail {
  private bytes: Buffer = Buffer.alloc(0);
  private used = 0;
  /** Where each payload ends. */
  private ends: number[] = [];
  private ordinals: number[] = [];

  get length(): number {
    return this.ends.length;
  }

  push(payload: Uint8Array, ordinal: number): void {
    if (payload.length > bytesMax / 2) {
      this.drop(this.length);
      return;
    }
    if (this.length >= 2 * eventsMax) this.drop(eventsMax);
    if (this.used + payload.length > this.bytes.length) this.makeRoom(payload.length);
    this.bytes.set(payload, this.used);
    this.used += payload.length;
    this.ends.push(this.used);
    this.ordinals.push(ordinal);
  }

  /** Copies of the payloads from this place on. */
  payloadsFrom(place: number): readonly Uint8Array[] {
    const payloads: Uint8Array[] = [];
    for (let at = place; at < this.length; at++) {
      payloads.push(Buffer.from(this.bytes.subarray(at === 0 ? 0 : this.ends[at - 1], this.ends[at])));
    }
    return payloads;
  }

  ordinalAt(place: number): number | undefined {
    return this.ordinals[place];
  }

  private makeRoom(length: number): void {
    // Halves, so that what is moved is moved seldom.
    while (this.used + length > bytesMax) this.drop(Math.ceil(this.length / 2));
    if (this.used + length <= this.bytes.length) return;
    const size = Math.min(bytesMax, Math.max(bytesMin, 2 * this.bytes.length, this.used + length));
    const wider = Buffer.allocUnsafeSlow(size);
    this.bytes.copy(wider, 0, 0, this.used);
    this.bytes = wider;
  }

  /** Forgets the oldest. */
  private drop(count: number): void {
    const start = count === 0 ? 0 : (this.ends[count - 1] ?? 0);
    this.bytes.copyWithin(0, start, this.used);
    this.used -= start;
    this.ends = this.ends.slice(count).map((end) => end - start);
    this.ordinals = this.ordinals.slice(count);
  }
}
