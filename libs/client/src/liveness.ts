import type { ClientLimits, Clock } from "./types.ts";

export interface LivenessPorts {
  readonly limits: ClientLimits;
  readonly clock: Clock;
  /** True while an answer is owed to us. */
  readonly hasOpen: () => boolean;
  readonly lastFrameAt: () => number;
  /** Sends something that every server answers. */
  readonly sendProbe: () => void;
  readonly onDead: () => void;
}

/**
 * Finds the socket whose other end is gone without a word. A browser shows no WebSocket ping, so silence is all there
 * is to see: long silence while answers are owed, or very long silence, is broken by a probe; a probe without any
 * answer ends the socket.
 */
export class Liveness {
  readonly #ports: LivenessPorts;
  #timer: unknown;
  #probedAt: number | undefined;
  #lastLookAt = 0;

  constructor(ports: LivenessPorts) {
    this.#ports = ports;
  }

  start(): void {
    this.stop();
    this.#lastLookAt = this.#ports.clock.now();
    this.#sleep();
  }

  stop(): void {
    this.#ports.clock.clearTimeout(this.#timer);
    this.#probedAt = undefined;
  }

  /** Probes now, whatever the silence. */
  probe(): void {
    if (this.#probedAt !== undefined) return;
    this.#probedAt = this.#ports.clock.now();
    this.#ports.sendProbe();
    this.#ports.clock.clearTimeout(this.#timer);
    this.#sleep();
  }

  #sleep(): void {
    const { clock, limits } = this.#ports;
    this.#timer = clock.setTimeout(
      () => this.#look(),
      this.#probedAt === undefined ? this.#lookEveryMs() : limits.probeTimeoutMs,
    );
  }

  #lookEveryMs(): number {
    return Math.max(1, this.#ports.limits.probeAfterMs / 2);
  }

  #look(): void {
    const { clock, limits, lastFrameAt, hasOpen, onDead } = this.#ports;
    const now = clock.now();
    // Timers stand still while a laptop sleeps, and its sockets seldom survive that.
    const hasSlept = now - this.#lastLookAt > 2 * Math.max(this.#lookEveryMs(), limits.probeTimeoutMs) + 1_000;
    this.#lastLookAt = now;
    if (this.#probedAt !== undefined && lastFrameAt() >= this.#probedAt) this.#probedAt = undefined;
    if (this.#probedAt !== undefined && !hasSlept) {
      onDead();
      return;
    }
    const silentMs = now - lastFrameAt();
    const isIdleTooLong = limits.idleProbeAfterMs > 0 && silentMs >= limits.idleProbeAfterMs;
    if (hasSlept || isIdleTooLong || (hasOpen() && silentMs >= limits.probeAfterMs)) {
      this.#probedAt = undefined;
      this.probe();
      return;
    }
    this.#sleep();
  }
}
