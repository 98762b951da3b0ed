import type { Clock } from "./clock.ts";

/** A clock that moves only when told to. */
export interface ManualClock extends Clock {
  /** Moves on, calling what is due on the way, in order. */
  advance(ms: number): void;
  /** Moves on without calling anything, as time passes for a process that stands still. */
  stand(ms: number): void;
}

export function createManualClock(startWall = 1_700_000_000_000): ManualClock {
  let now = 0;
  const timers = new Set<{ ms: number; dueAt: number; run: () => void }>();
  return {
    monotonic: () => now,
    wall: () => startWall + now,
    every(ms, run) {
      const timer = { ms, dueAt: now + ms, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const [next] = [...timers].filter(({ dueAt }) => dueAt <= end).sort((a, b) => a.dueAt - b.dueAt);
        if (next === undefined) break;
        now = Math.max(now, next.dueAt);
        next.dueAt = now + next.ms;
        next.run();
      }
      now = end;
    },
    stand(ms) {
      now += ms;
    },
  };
}

/**
 * Time whose ticks can be held back, as for a process that stands still. With `isHidden` the time spent so is not seen
 * afterwards either: to its registry that looks like being cut off from the others without having stood still.
 */
export interface StallingClock extends Clock {
  readonly isStalled: boolean;
  stall(): void;
  wake(): void;
}

export function createStallingClock(clock: Clock, isHidden = false): StallingClock {
  let isStalled = false;
  let stalledAt = 0;
  let hiddenMs = 0;
  const runs = new Set<() => void>();
  return {
    get isStalled() {
      return isStalled;
    },
    monotonic: () => clock.monotonic() - hiddenMs,
    wall: () => clock.wall(),
    every(ms, run) {
      runs.add(run);
      const stop = clock.every(ms, () => {
        if (!isStalled) run();
      });
      return () => {
        runs.delete(run);
        stop();
      };
    },
    stall() {
      isStalled = true;
      stalledAt = clock.monotonic();
    },
    wake() {
      isStalled = false;
      if (isHidden) hiddenMs += clock.monotonic() - stalledAt;
      for (const run of [...runs]) run();
    },
  };
}
