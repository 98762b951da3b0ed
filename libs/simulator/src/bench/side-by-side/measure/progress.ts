import type { Plan } from "../plan.ts";
import { modesToRun } from "./turn.ts";

/** Guesses of what a start with its members takes, what a phase adds to its window, and what opening idle ones takes. */
const startS = 20;
const phaseExtraS = 2;
const idleOpeningS = 30;

export function turnSeconds({ roomSizes, modes, warmS, firstWarmS, windowS }: Plan): number {
  return startS + (firstWarmS - warmS) + roomSizes.length * modesToRun(modes).length * (warmS + windowS + phaseExtraS);
}

export function idleSeconds({ idle, settleS }: Plan): number {
  return idle === 0 ? 0 : 2 * settleS + idleOpeningS;
}

export interface Progress {
  /** So many of the seconds that were planned are over. */
  done(plannedS: number): void;
  /** "about 41 min left". */
  left(): string;
}

/** The rest of the plan, by what the first part took in truth. */
export function createProgress(plannedS: number, now: () => number = () => performance.now()): Progress {
  const beganAt = now();
  let doneS = 0;
  return {
    done(partS) {
      doneS += partS;
    },
    left() {
      const tookS = (now() - beganAt) / 1_000;
      const pace = doneS === 0 ? 1 : tookS / doneS;
      return `about ${Math.ceil((Math.max(0, plannedS - doneS) * pace) / 60)} min left`;
    },
  };
}
