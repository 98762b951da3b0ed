import type { Wait } from "@parley/simulator";
import type { Fault } from "./arena.ts";

/** A request that was answered within so long did not notice the fault. */
export const noticeableMs = 1_000;

export const recoveryDefinition =
  "Recovery time: from the end of a fault (or its injection, if it is over at once, as a kill is) until the last " +
  "request that took longer than one second was answered, of those sent before the next fault began; 0 if there was " +
  "none. A request's time runs from its first frame to the answer that settles it, over all its attempts and sockets. " +
  "Requests of devices that went offline, hung up or stopped reading by themselves in between are left out. Of " +
  "several faults in a run the longest recovery counts.";

/** Of each fault, ms, in the order injected. `waits`: in the order answered. `endAt`: when the watching ended. */
export function recoveries(faults: readonly Fault[], waits: readonly Wait[], endAt: number): readonly number[] {
  const slow = waits.filter(({ from, to }) => to - from > noticeableMs);
  return faults.map(({ to: end }, index) => {
    const next = Math.max(faults[index + 1]?.from ?? endAt, end);
    const last = slow.findLast(({ from, to }) => to >= end && from < next);
    return last === undefined ? 0 : last.to - end;
  });
}
