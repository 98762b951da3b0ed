/**
 * Time and chance as arguments: production gives the machine's, the simulation its own, and a run can be repeated from
 * its seed. **Order**: what is due at the same time is called in the order in which it was asked for.
 */
export interface Clock {
  /**
   * ms since some moment, never going back: for how long something took or has to wait. The machine's clock may be set
   * back by an hour, and whatever waits by it would then wait for that hour.
   */
  now(): number;
  /** ms since 1970, as the machine's clock says: only for what is told to others. */
  wallNow(): number;
  /** Calls once, so many ms from now. */
  after(delayMs: number, run: () => void): CallOff;
  /** Calls every so many ms. */
  every(intervalMs: number, run: () => void): CallOff;
  /** Calls once what runs now has ended: for what is gathered over a tick. */
  soon(run: () => void): void;
  /** At least 0, below 1. */
  random(): number;
}

/** **Repeat**: a second call does nothing, and neither does one after the call was made. */
export type CallOff = () => void;

export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  wallNow: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  every(intervalMs, run) {
    const timer = setInterval(run, intervalMs);
    return () => clearInterval(timer);
  },
  soon: (run) => void setImmediate(run),
  random: () => Math.random(),
};

/** Resolves so many ms from now. */
export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}
