import type { Plan } from "../plan.ts";
import type { SideBySide } from "../result.ts";
import { summaryOf } from "../statistics/summary.ts";
import type { SystemKind } from "../systems.ts";
import { openSession } from "./session.ts";
import { paceOf, reasonOf } from "./turn.ts";

const attemptsMax = 3;
/** The whole run goes by what is found here, so that it must not hang on one window that something disturbed. */
const windows = 3;

/**
 * Sends a second that a system saturates at (the median of some windows), by room size: half of it is the one rate that all are measured at.
 * **Errors**: rejects where it can't be found in three attempts.
 */
export async function calibrate(
  kind: SystemKind,
  plan: Plan,
  say: (line: string) => void,
): Promise<SideBySide["calibration"]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await measureAll(kind, plan, say);
    } catch (cause) {
      say(`calibration failed: ${reasonOf(cause)}`);
      if (attempt === attemptsMax) throw cause;
    }
  }
}

async function measureAll(
  kind: SystemKind,
  plan: Plan,
  say: (line: string) => void,
): Promise<SideBySide["calibration"]> {
  const session = await openSession(kind, plan, say);
  try {
    const found: { readonly roomSize: number; readonly sendsPerS: number }[] = [];
    for (const roomSize of plan.roomSizes) {
      const pace = paceOf("saturated", roomSize, undefined, undefined);
      if (pace === undefined) continue;
      const reached: number[] = [];
      for (let window = 1; window <= windows; window++) {
        reached.push((await session.measure(roomSize, pace, window)).sendsPerS);
      }
      const sendsPerS = summaryOf(reached)?.median ?? 0;
      say(`${kind.name} saturates at ${reached.map(Math.round).join(", ")} sends/s in rooms of ${roomSize}`);
      found.push({ roomSize, sendsPerS });
    }
    return found;
  } finally {
    await session.end();
  }
}
