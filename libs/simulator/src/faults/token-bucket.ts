/** Lets so many bytes a second pass. The time is an argument, in ms of any steady clock. */
export class TokenBucket {
  #bytesPerS: number | null = null;
  #tokens = 0;
  #at = 0;

  /** Null: no limit. What was saved up before is forgotten. */
  setRate(bytesPerS: number | null, now: number): void {
    if (bytesPerS === this.#bytesPerS) return;
    this.#bytesPerS = bytesPerS;
    this.#tokens = 0;
    this.#at = now;
  }

  /** How many of `wanted` bytes may go now; they count as gone. */
  take(wanted: number, now: number): number {
    if (this.#bytesPerS === null) return wanted;
    this.#fill(this.#bytesPerS, now);
    const count = Math.min(wanted, Math.floor(this.#tokens));
    this.#tokens -= count;
    return count;
  }

  /** How long until something may go again. */
  waitMs(now: number): number {
    if (this.#bytesPerS === null) return 0;
    this.#fill(this.#bytesPerS, now);
    // One byte at least, and no more often than every 10 ms at high rates.
    const wanted = Math.min(burstOf(this.#bytesPerS), Math.max(1, this.#bytesPerS / 100));
    return Math.max(1, ((wanted - this.#tokens) / this.#bytesPerS) * 1_000);
  }

  #fill(bytesPerS: number, now: number): void {
    this.#tokens = Math.min(burstOf(bytesPerS), this.#tokens + ((now - this.#at) / 1_000) * bytesPerS);
    this.#at = now;
  }
}

/** What may be saved up: 50 ms of the rate, so that within any window no more than rate × (window + 50 ms) passes. */
function burstOf(bytesPerS: number): number {
  return Math.max(1, bytesPerS / 20);
}
