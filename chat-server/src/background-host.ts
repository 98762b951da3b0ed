import type { Telemetry } from "@parley/telemetry";
import type { CallOff, Clock } from "./clock.ts";

/**
 * Work that is done every so often, never twice at a time, and that simply waits for its next turn where it fails: what
 * is left undone must stay with whoever does it.
 */
export class BackgroundHost {
  private readonly work: () => Promise<void>;
  private readonly onFailed: (error: unknown) => void;
  private readonly stop: CallOff;
  private running: Promise<void> | undefined;

  /** `waitsFor`: the phrase that a failure is logged by, at debug. */
  constructor(clock: Clock, everyMs: number, telemetry: Telemetry, waitsFor: string, work: () => Promise<void>) {
    this.work = work;
    this.onFailed = (error) => telemetry.logger.debug({ err: error }, waitsFor);
    this.stop = clock.every(everyMs, () => this.kick());
  }

  /** Begins now, unless it is under way. */
  kick(): void {
    this.running ??= this.work()
      .catch(this.onFailed)
      .finally(() => {
        this.running = undefined;
      });
  }

  /** Resolves when a whole turn that began after this call has ended. */
  async flush(): Promise<void> {
    await this.running;
    this.kick();
    await this.running;
  }

  close(): void {
    this.stop();
  }
}
