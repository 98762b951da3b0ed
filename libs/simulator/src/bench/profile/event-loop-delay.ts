import { isFields } from "../../history/content.ts";
import type { Inspector } from "../inspectors.ts";

/** How long work waited for the event loop, ms beyond the timer's own period. */
export interface EventLoopDelay {
  readonly count: number;
  readonly percentiles: readonly (readonly [percent: number, ms: number])[];
}

/** Of the timer that is watched. It wakes a quiet process a hundred times a second, which is seen in its idle CPU. */
const resolutionMs = 10;
const percents = [50, 90, 99, 99.9, 100];
const place = "globalThis[Symbol.for('parley.bench.event-loop-delay')]";

/** **Repeat**: begins anew. **Source**: Node's `perf_hooks.monitorEventLoopDelay`. */
export async function watchEventLoop(inspector: Inspector): Promise<void> {
  const make = `process.getBuiltinModule("node:perf_hooks").monitorEventLoopDelay({ resolution: ${resolutionMs} })`;
  await inspector.evaluate(`${place}?.disable(); ${place} = ${make}; ${place}.enable()`);
}

/** Ends the watching. **Errors**: rejects where nothing was watched. */
export async function readEventLoop(inspector: Inspector): Promise<EventLoopDelay> {
  const read = `[${percents.join()}].map((percent) => ${place}.percentile(percent))`;
  const value = await inspector.evaluate(`${place}.disable(); ({ count: ${place}.count, nanoseconds: ${read} })`);
  if (!isFields(value) || !Array.isArray(value["nanoseconds"])) throw new Error("no event loop delay was read");
  const nanoseconds: readonly unknown[] = value["nanoseconds"];
  return {
    count: Number(value["count"]),
    percentiles: percents.map((percent, index) => [percent, beyondPeriod(Number(nanoseconds[index]))]),
  };
}

/** Node counts from one firing of the timer to the next, its period included. */
function beyondPeriod(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1_000_000 - resolutionMs);
}
