import type { Telemetry } from "@parley/telemetry";
import type { CallOff, Clock } from "./clock.ts";

/** How long to rest after a turn: so many times as long as it took, and no longer than `mostMs`. */
export interface Rest {
  readonly times: number;
  readonly mostMs: number;
}

export interface BackgroundOptions {
  readonly clock: Clock;
  readonly everyMs: number;
  readonly telemetry: Telemetry;
  /** The phrase that a failure is logged by, at debug. */
  readonly waitsFor: string;
  /** `isTurn`: its time has come, or all of it was asked for; false: it was kicked. */
  readonly work: (isTurn: boolean) => Promise<void>;
  /** For work that takes from the store what messages need of it; default: none. */
  readonly rest?: Rest;
}

/** What can wait takes a tenth of the store's time where the store is slow, and is ten seconds late at most. */
export const yielding: Rest = { times: 9, mostMs: 9_000 };

/**
 * Work that is done every so often, never twice at a time, and that simply waits for its next turn where it fails: what
 * is left undone must stay with whoever does it.
 */
export class BackgroundHost {
  private readonly options: BackgroundOptions;
  private readonly stop: CallOff;
  private running: Promise<void> | undefined;
  /** Whatever begins next is a whole turn. */
  private isTurnOwed = false;
  /** While it was under way. */
  private isKicked = false;
  /** Of the clock, ms. */
  private restsUntil = Number.NEGATIVE_INFINITY;

  constructor(options: BackgroundOptions) {
    this.options = options;
    const { clock, everyMs } = options;
    this.stop = clock.every(everyMs, () => {
      if (clock.now() >= this.restsUntil) this.begin(true);
    });
  }

  /** Begins now, or when what is under way has ended, which may have looked already. */
  kick(): void {
    if (this.running === undefined) this.begin(false);
    else this.isKicked = true;
  }

  /** Resolves when a whole turn that began after this call has ended. */
  async flush(): Promise<void> {
    this.isTurnOwed = true;
    await this.running;
    this.begin(true);
    await this.running;
  }

  close(): void {
    this.stop();
  }

  private begin(isTurn: boolean): void {
    if (this.running !== undefined) return;
    const { clock, telemetry, rest, waitsFor, work } = this.options;
    const begunAt = clock.now();
    const isWhole = isTurn || this.isTurnOwed;
    this.isTurnOwed = false;
    this.running = work(isWhole)
      .then(
        () => {
          const now = clock.now();
          if (rest !== undefined && isWhole) {
            this.restsUntil = now + Math.min(rest.mostMs, rest.times * (now - begunAt));
          }
        },
        (error: unknown) => {
          this.restsUntil = Number.NEGATIVE_INFINITY;
          // The next turn is near: at once it would fail again.
          this.isKicked = false;
          telemetry.logger.debug({ err: error }, waitsFor);
        },
      )
      .finally(() => {
        this.running = undefined;
        if (!this.isKicked) return;
        this.isKicked = false;
        this.begin(false);
      });
  }
}
