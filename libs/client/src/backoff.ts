/** How long to wait before trying again. */
export interface BackoffOptions {
  /** Upper end of the first wait, ms. */
  readonly baseMs: number;
  /** Upper end of every wait, ms. */
  readonly maxMs: number;
  readonly random: () => number;
}

/**
 * Full jitter: the n-th wait is uniform in [0, min(max, base × 2^n)), so that clients who lost the same server spread
 * over the whole interval and do not come back in waves.
 * **Source**: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export class Backoff {
  readonly #options: BackoffOptions;
  #attempts = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  get attempts(): number {
    return this.#attempts;
  }

  nextDelayMs(): number {
    const { baseMs, maxMs, random } = this.#options;
    const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    return Math.floor(random() * ceiling);
  }

  reset(): void {
    this.#attempts = 0;
  }
}
