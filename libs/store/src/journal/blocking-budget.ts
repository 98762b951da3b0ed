/** Of the average that tells quick from slow, the part of each new time. */
const weight = 1 / 16;
const quickMs = 2;

/**
 * Whether calls that block the event loop are quick enough to go on with: their times' moving average is below 2 ms, which
 * is what everything else in this process then waits at most, on average. The average goes on where calls don't
 * block, so that it is found out when they would be quick again.
 * **Source**: exponential smoothing, as of round trips in RFC 6298.
 */
export class BlockingBudget {
  #averageMs = 0;

  get mayBlock(): boolean {
    return this.#averageMs < quickMs;
  }

  took(ms: number): void {
    this.#averageMs += weight * (ms - this.#averageMs);
  }
}
