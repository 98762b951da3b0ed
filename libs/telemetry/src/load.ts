import { monitorEventLoopDelay, performance } from "node:perf_hooks";

/** What a node says about itself in its heartbeat; the shape of `NodeLoad` in `@parley/cluster`. */
export interface LoadSample {
  readonly sessions: number;
  /** How long somebody who comes at any time finds the event loop busy, on average: long pauses count as they last. */
  readonly eventLoopDelayMs: number;
  /** 1 = one core. */
  readonly cpu: number;
}

export interface LoadSampler {
  /** Since the call before this one (since the start for the first). Cheap enough for every heartbeat. */
  sample(sessions: number): LoadSample;
  close(): void;
}

const resolutionMs = 10;

export function createLoadSampler(): LoadSampler {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  let cpuBefore = process.cpuUsage();
  let timeBefore = performance.now();
  return {
    sample(sessions) {
      const now = performance.now();
      const used = process.cpuUsage(cpuBefore);
      const elapsedMs = Math.max(now - timeBefore, 1);
      // The histogram holds the times between two ticks of its timer, so an idle loop shows the resolution. By number a
      // process that stands still half of the time hardly differs from an idle one (one long time among many short
      // ones); by time it does: the mean square over the mean.
      const meanMs = histogram.mean / 1e6;
      const squareMs = meanMs ** 2 + (histogram.stddev / 1e6) ** 2;
      const delayMs = histogram.count === 0 ? 0 : Math.max(squareMs / meanMs - resolutionMs, 0);
      histogram.reset();
      cpuBefore = process.cpuUsage();
      timeBefore = now;
      return { sessions, eventLoopDelayMs: delayMs, cpu: (used.user + used.system) / 1_000 / elapsedMs };
    },
    close: () => histogram.disable(),
  };
}
