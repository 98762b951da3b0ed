import type { Filter } from "mongodb";

interface Waiting<T> {
  readonly filter: Filter<T>;
  readonly isMatch: (document: T) => boolean;
  readonly resolve: (found: readonly T[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs one scan at a time. Who asks meanwhile waits and shares the next, which begins after the question, so that each
 * answer shows all that was in when it was asked for.
 */
export class SharedScan<T> {
  readonly #run: (filters: readonly Filter<T>[]) => Promise<readonly T[]>;
  #waiting: Waiting<T>[] = [];
  #isRunning = false;

  constructor(run: (filters: readonly Filter<T>[]) => Promise<readonly T[]>) {
    this.#run = run;
  }

  find(filter: Filter<T>, isMatch: (document: T) => boolean): Promise<readonly T[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ filter, isMatch, resolve, reject });
      if (!this.#isRunning) void this.#work();
    });
  }

  /** Never rejects: each failure goes to those who wait for it. */
  async #work(): Promise<void> {
    this.#isRunning = true;
    // A turn later, so that those who ask in the same turn share the first scan too.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      try {
        const found = await this.#run(batch.map(({ filter }) => filter));
        for (const { isMatch, resolve } of batch) resolve(found.filter(isMatch));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isRunning = false;
  }
}
