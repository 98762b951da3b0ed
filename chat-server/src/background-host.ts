import type { Telemetry } from "@parley/telemetry";
import type { CallOff, Clock } from "./clock.ts";

/** How long to rest after a turn: so many times as long as it took, and in one round no longer than `mostMs`. */
export interface Rest {
  readonly times: number;
  readonly mostMs: number;
}

/**
 * What is to be done: what the kick was for; a portion of the round that a tick begins; or all that waits, since
 * somebody waits for it.
 */
export type Turn = "kicked" | "portion" | "all";

export interface BackgroundOptions {
  readonly clock: Clock;
  readonly everyMs: number;
  readonly telemetry: Telemetry;
  /** The phrase that a failure is logged by, at debug. */
  readonly waitsFor: string;
  readonly work: (turn: Turn) => Promise<void>;
  /** How many portions of the round are left; they follow by themselves, each after a rest. Default: none. */
  readonly left?: () => number;
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
  private callOff: CallOff = () => {};
  private running: Promise<void> | undefined;
  /** Whatever begins next does all that waits. */
  private isAllOwed = false;
  /** While it was under way. */
  private isKicked = false;
  private isPortionDue = false;
  private isClosed = false;
  /** Both of the clock, ms. */
  private restsUntil = Number.NEGATIVE_INFINITY;
  private roundBegunAt: number | undefined;

  constructor(options: BackgroundOptions) {
    this.options = options;
    const { clock, everyMs } = options;
    this.stop = clock.every(everyMs, () => {
      if (clock.now() >= this.restsUntil) this.begin("portion");
    });
  }

  /** Begins now, or when what is under way has ended, which may have looked already. */
  kick(): void {
    if (this.running === undefined) this.begin("kicked");
    else this.isKicked = true;
  }

  /** Resolves when all that waited at this call is done, or has failed once. */
  async flush(): Promise<void> {
    this.isAllOwed = true;
    await this.running;
    this.begin("all");
    await this.running;
  }

  close(): void {
    this.isClosed = true;
    this.stop();
    this.callOff();
  }

  private begin(asked: Turn): void {
    if (this.running !== undefined) return;
    const { clock, telemetry, waitsFor, work } = this.options;
    const begunAt = clock.now();
    const turn = this.isAllOwed ? "all" : asked;
    this.isAllOwed = false;
    if (turn !== "kicked") {
      this.callOff();
      this.isPortionDue = false;
    }
    this.running = work(turn)
      .then(
        () => {
          if (turn !== "kicked") this.rest(turn, begunAt);
        },
        (error: unknown) => {
          this.restsUntil = Number.NEGATIVE_INFINITY;
          this.roundBegunAt = undefined;
          // The next turn is near: at once it would fail again.
          this.isKicked = false;
          this.isPortionDue = false;
          telemetry.logger.debug({ err: error }, waitsFor);
        },
      )
      .finally(() => {
        this.running = undefined;
        this.goOn();
      });
  }

  private goOn(): void {
    if (this.isClosed) return;
    if (this.isKicked) {
      this.isKicked = false;
      this.begin("kicked");
    } else if (this.isPortionDue) {
      this.isPortionDue = false;
      this.begin("portion");
    }
  }

  private rest(turn: Turn, begunAt: number): void {
    const { clock, rest, left } = this.options;
    if (rest === undefined) return;
    const now = clock.now();
    const portionsLeft = turn === "all" ? 0 : (left?.() ?? 0);
    const roundBegunAt = this.roundBegunAt ?? begunAt;
    this.roundBegunAt = portionsLeft === 0 ? undefined : roundBegunAt;
    const restMs = rest.times * (now - begunAt);
    if (portionsLeft === 0) {
      this.restsUntil = now + Math.min(rest.mostMs, restMs);
      return;
    }
    const shareMs = Math.max(0, roundBegunAt + rest.mostMs - now) / (portionsLeft + 1);
    this.restsUntil = now + Math.min(shareMs, restMs);
    if (this.isClosed) return;
    this.callOff();
    this.callOff = clock.after(this.restsUntil - now, () => {
      if (this.running === undefined) this.begin("portion");
      else this.isPortionDue = true;
    });
  }
}
