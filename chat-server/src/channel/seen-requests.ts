import type { RequestId, UserId } from "@parley/protocol";
import { keyHash } from "./key-hash.ts";

const sizeMin = 16;
const sizeMax = 1_024;

/**
 * Which requests may be in a log: hashes in a table of bare numbers, so that what is remembered of a message is no
 * object that the garbage collector has to carry on. Errs on both sides, and neither hurts: a stranger that seems known is
 * looked up in the store, and so is one that was forgotten, whose second append the store refuses.
 * **Bounds**: 8 KiB; of the last 500 or so most are still known, newer ones take the places of older ones.
 */
export class SeenRequests {
  private slots: Float64Array | undefined;
  private count = 0;

  add(sender: UserId, id: RequestId): void {
    this.slots ??= new Float64Array(sizeMin);
    this.count++;
    if (this.count * 2 > this.slots.length && this.slots.length < sizeMax) this.grow(this.slots);
    const hash = keyHash(sender, id) + 1;
    this.slots[placeOf(hash, this.slots.length)] = hash;
  }

  mayHave(sender: UserId, id: RequestId): boolean {
    if (this.slots === undefined) return false;
    const hash = keyHash(sender, id) + 1;
    return this.slots[placeOf(hash, this.slots.length)] === hash;
  }

  private grow(before: Float64Array): void {
    const slots = new Float64Array(before.length * 4);
    for (const hash of before) if (hash !== 0) slots[placeOf(hash, slots.length)] = hash;
    this.slots = slots;
  }
}

function placeOf(hash: number, size: number): number {
  return (hash | 0) & (size - 1);
}
