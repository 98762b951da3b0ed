/** How often waiting hellos are let in, ms. */
const stepMs = 50;

/**
 * A token bucket in front of signature checks: a herd of reconnecting clients waits its turn, first come first served,
 * instead of starving those who are connected. **Bound**: `queuedMax` waiting; above, `enter` resolves to false.
 */
export class HelloGate {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #queuedMax: number;
  readonly #now: () => number;
  #tokens: number;
  #at: number;
  #queue: ((isIn: boolean) => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    readonly perSecond: number;
    readonly burst: number;
    readonly queuedMax: number;
    readonly now: () => number;
  }) {
    this.#perSecond = options.perSecond;
    this.#burst = options.burst;
    this.#queuedMax = options.queuedMax;
    this.#now = options.now;
    this.#tokens = options.burst;
    this.#at = options.now();
  }

  /** Resolves to true when it is this caller's turn, to false when too many wait or the gate closes. */
  enter(): Promise<boolean> {
    this.#refill();
    if (this.#queue.length === 0 && this.#tokens >= 1) {
      this.#tokens -= 1;
      return Promise.resolve(true);
    }
    if (this.#queue.length >= this.#queuedMax) return Promise.resolve(false);
    this.#timer ??= setInterval(this.#step, stepMs);
    return new Promise((resolve) => this.#queue.push(resolve));
  }

  close(): void {
    clearInterval(this.#timer);
    for (const resolve of this.#queue.splice(0)) resolve(false);
  }

  #refill(): void {
    const now = this.#now();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) * this.#perSecond) / 1_000);
    this.#at = now;
  }

  readonly #step = (): void => {
    this.#refill();
    const count = Math.min(this.#queue.length, Math.floor(this.#tokens));
    this.#tokens -= count;
    for (const resolve of this.#queue.splice(0, count)) resolve(true);
    if (this.#queue.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  };
}
