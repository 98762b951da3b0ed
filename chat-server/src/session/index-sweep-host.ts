import type { Telemetry } from "@parley/telemetry";
import { BackgroundHost } from "../background-host.ts";
import type { Clock } from "../clock.ts";
import type { Session } from "./session.ts";
import type { SessionsHost } from "./sessions-host.ts";

const tickMs = 1_000;
const roundMs = 120_000;
/** While the bus is away nobody is told of a new channel: this is how it is found. */
const roundWithoutBusMs = 4_000;

/**
 * Looks after each session's list of channels, a few sessions a tick: a new channel that pub/sub lost the word of is
 * found. One point read a session in two minutes.
 */
export class IndexSweepHost {
  private readonly sessions: SessionsHost;
  private readonly isBusUp: () => boolean;
  private readonly background: BackgroundHost;
  private round: Iterator<Session> | undefined;
  private roundMs = roundMs;

  constructor(clock: Clock, sessions: SessionsHost, telemetry: Telemetry, isBusUp: () => boolean) {
    this.sessions = sessions;
    this.isBusUp = isBusUp;
    const waitsFor = "sweep waits for the store";
    this.background = new BackgroundHost({ clock, everyMs: tickMs, telemetry, waitsFor, work: () => this.work() });
  }

  /** One quick round: the bus was away. */
  hurry(): void {
    this.round = undefined;
    this.roundMs = roundWithoutBusMs;
  }

  close(): void {
    this.background.close();
  }

  private async work(): Promise<void> {
    if (!this.isBusUp()) this.roundMs = roundWithoutBusMs;
    this.round ??= [...this.sessions.all()].values();
    const count = [...this.sessions.all()].length;
    const share = Math.ceil((count * tickMs) / this.roundMs);
    for (let done = 0; done < share; done++) {
      const next = this.round.next();
      if (next.done === true) {
        this.round = undefined;
        this.roundMs = roundMs;
        return;
      }
      await this.sessions.sweep(next.value);
    }
  }
}
