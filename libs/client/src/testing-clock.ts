import type { Clock } from "./types.ts";

/** Time that runs `speed` times as fast, so that back-offs of seconds take a test milliseconds. */
export function createFastClock(speed: number): Clock {
  const startedAtMonotonic = performance.now();
  const startedAt = Date.now();
  return {
    now: () => startedAt + (performance.now() - startedAtMonotonic) * speed,
    setTimeout: (run, delayMs) => setTimeout(run, delayMs / speed),
    clearTimeout: (timer) => clearTimeout(timer as Parameters<typeof clearTimeout>[0]),
  };
}

/** Time that stands still until it is told to go on; timers run in the order of their times. */
export class ManualClock implements Clock {
  #now = 1_000_000;
  #timers: { readonly at: number; readonly run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  setTimeout(run: () => void, delayMs: number): unknown {
    const timer = { at: this.#now + delayMs, run };
    this.#timers.push(timer);
    return timer;
  }

  clearTimeout(timer: unknown): void {
    this.#timers = this.#timers.filter((known) => known !== timer);
  }

  get pending(): number {
    return this.#timers.length;
  }

  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.clearTimeout(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = until;
  }
}

/** mulberry32: the same numbers for the same seed. Source: T. Ettinger, 2017, public domain. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
