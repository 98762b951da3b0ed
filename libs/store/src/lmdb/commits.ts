import { StoreError } from "../message-store.ts";
import type { Overlay } from "./overlay.ts";
import type { Tables } from "./tables.ts";

/** So many events are taken to the tables at once: some 8 µs of the main thread each, which others wait for. */
const drainEvents = 200;
/** After a commit that failed. */
const retryMs = 250;

interface Job {
  run(): void;
  settle(): void;
  fail(error: StoreError): void;
}

export interface CommitEvents {
  /** The tables durably have all frames of the journal up to this one, and the overlay has room again. */
  onDrained(number: number): void;
  onFailed(error: StoreError): void;
}

/**
 * The transactions of the tables, one at a time: each takes what is durable in the overlay first, then all that was
 * asked for since the last one, and is flushed before any of it resolves. Without other work, one comes `drainMs` after an
 * append or at 200 events, and after a failure every 250 ms.
 */
export class Commits {
  readonly #tables: Tables;
  readonly #overlay: Overlay;
  readonly #drainMs: number;
  readonly #events: CommitEvents;
  #queue: Job[] = [];
  #isCommitting = false;
  #hasFailed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(tables: Tables, overlay: Overlay, drainMs: number, events: CommitEvents) {
    this.#tables = tables;
    this.#overlay = overlay;
    this.#drainMs = drainMs;
    this.#events = events;
  }

  /**
   * Runs the action in the next transaction. **Errors**: {@link StoreError} `unknown` where the action or the commit
   * failed: what the kernel has written of it is not known.
   */
  run<T>(action: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      let settle: () => void = () => reject(unknown(new Error("the action was not run")));
      this.#queue.push({
        run() {
          try {
            const result = action();
            settle = () => resolve(result);
          } catch (error) {
            settle = () => reject(unknown(error));
          }
        },
        settle: () => settle(),
        fail: reject,
      });
      this.#begin();
    });
  }

  /** Takes what is durable to the tables, now. **Errors**: as of {@link run}. */
  drain(): Promise<void> {
    return this.run(() => {});
  }

  /** There is more in the overlay than before. */
  wake(): void {
    if (this.#isCommitting || this.#overlay.durableEvents === 0) return;
    if (this.#overlay.durableEvents >= drainEvents && !this.#hasFailed) this.#begin();
    else this.#timer ??= setTimeout(() => this.#begin(), this.#hasFailed ? retryMs : this.#drainMs);
  }

  /** Somebody waits for room in the overlay. */
  hurry(): void {
    if (this.#overlay.durableEvents > 0) this.#begin();
  }

  /** No commit begins by itself any more. To be called when nothing is under way. */
  stop(): void {
    this.#isCommitting = true;
    clearTimeout(this.#timer);
  }

  #begin(): void {
    if (this.#isCommitting) return;
    this.#isCommitting = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    void this.#commit();
  }

  async #commit(): Promise<void> {
    let jobs: Job[] = [];
    try {
      const { events, number } = await this.#tables.commit(() => {
        jobs = this.#queue;
        this.#queue = [];
        const drained = this.#overlay.drainInto(this.#tables);
        for (const job of jobs) job.run();
        return drained;
      });
      // Before anybody hears of it: what the overlay forgets must be seen in the tables.
      this.#tables.refresh();
      this.#overlay.forget(events);
      for (const job of jobs) job.settle();
      this.#hasFailed = false;
      this.#events.onDrained(number);
      this.#isCommitting = false;
      if (this.#queue.length > 0) this.#begin();
      else this.wake();
    } catch (error) {
      const failure = unknown(error);
      for (const job of [...jobs, ...this.#queue.splice(0)]) job.fail(failure);
      this.#hasFailed = true;
      this.#isCommitting = false;
      this.#events.onFailed(failure);
      this.wake();
    }
  }
}

function unknown(cause: unknown): StoreError {
  return new StoreError("unknown", "the embedded store could not commit", { cause });
}
