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

/** Real time whose ticks can be held back, as for a process that stands still. */
export interface StallingClock extends Clock {
  readonly isStalled: boolean;
  stall(): void;
  wake(): void;
}

export function createStallingClock(clock: Clock): StallingClock {
  let isStalled = false;
  const runs = new Set<() => void>();
  return {
    get isStalled() {
      return isStalled;
    },
    monotonic: () => clock.monotonic(),
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
    },
    wake() {
      isStalled = false;
      for (const run of [...runs]) run();
    },
  };
}
