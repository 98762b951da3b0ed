/**
 * Runs jobs first come, first served, at most `lanesMax` at a time. **Bound**: the waiting jobs are the caller's to
 * bound (here: one a session). A job must not reject.
 */
export class Lanes {
  readonly #lanesMax: number;
  #waiting: (() => Promise<void>)[] = [];
  #next = 0;
  #running = 0;

  constructor(lanesMax: number) {
    this.#lanesMax = lanesMax;
  }

  add(job: () => Promise<void>): void {
    this.#waiting.push(job);
    this.#pump();
  }

  #pump(): void {
    while (this.#running < this.#lanesMax) {
      const job = this.#waiting[this.#next];
      if (job === undefined) {
        this.#waiting = [];
        this.#next = 0;
        return;
      }
      this.#next += 1;
      this.#running += 1;
      void job().finally(() => {
        this.#running -= 1;
        this.#pump();
      });
    }
  }
}
