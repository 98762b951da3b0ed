import type { CallOff, Clock } from "../clock.ts";
import type { Random } from "./random.ts";

/** One incarnation of a process: what it had scheduled dies with it, and waits while it stands still. */
export interface Incarnation {
  isDead: boolean;
  /** Its steps are put off until then, ms. */
  stalledUntil: number;
  /** By how much its wall clock is wrong, ms. */
  readonly skewMs: number;
}

interface Entry {
  at: number;
  readonly order: number;
  readonly owner: Incarnation | undefined;
  step: (() => void) | undefined;
}

/**
 * Promises that a step has settled are followed so many links down before the next step. What is left of a longer
 * chain goes on after the next step, in the same order in every run.
 */
const followed = 12;

/** When a run begins, ms since 1970. */
const epochMs = 1_700_000_000_000;

/**
 * Virtual time: steps run in order of their time, and in the order scheduled where that is the same. The promises of a
 * process move on after each of its steps, as after each turn of an event loop.
 */
export class Timeline {
  /** ms. */
  now = 0;
  steps = 0;
  private readonly heap: Entry[] = [];
  private scheduled = 0;

  /** Steps of an owner are dropped once it is dead, and put off while it is stalled, in their order. */
  after(delayMs: number, step: () => void, owner?: Incarnation): CallOff {
    const entry: Entry = { at: this.now + Math.max(0, Math.round(delayMs)), order: this.scheduled++, owner, step };
    this.push(entry);
    return () => {
      entry.step = undefined;
    };
  }

  /** Runs until `until`, or until `isDone` says so after a step. */
  async run(until: number, isDone: () => boolean): Promise<void> {
    for (;;) {
      const entry = this.heap[0];
      if (entry === undefined || entry.at > until) break;
      this.pop();
      const { owner, step } = entry;
      if (step === undefined || owner?.isDead) continue;
      this.now = entry.at;
      if (owner !== undefined && owner.stalledUntil > this.now) {
        entry.at = owner.stalledUntil;
        this.push(entry);
        continue;
      }
      entry.step = undefined;
      this.steps++;
      step();
      if (owner !== undefined) for (let link = 0; link < followed; link++) await undefined;
      if (isDone()) return;
    }
    this.now = Math.max(this.now, until);
  }

  /** ms since 1970, as the clock of that process's machine says. */
  wallOf({ skewMs }: Incarnation): number {
    return epochMs + skewMs + this.now;
  }

  /** The clock of one process. */
  clockOf(owner: Incarnation, random: Random): Clock {
    return {
      now: () => epochMs + this.now,
      wallNow: () => this.wallOf(owner),
      after: (delayMs, run) => this.after(delayMs, run, owner),
      every: (intervalMs, run) => {
        let isOn = true;
        const next = (): void => {
          this.after(
            intervalMs,
            () => {
              if (!isOn) return;
              run();
              next();
            },
            owner,
          );
        };
        next();
        return () => {
          isOn = false;
        };
      },
      soon: (run) => void this.after(0, run, owner),
      random: () => random.fraction(),
    };
  }

  private push(entry: Entry): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || !isBefore(entry, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = entry;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let down = at * 2 + 1;
      let child = heap[down];
      if (child === undefined) break;
      const right = heap[down + 1];
      if (right !== undefined && isBefore(right, child)) {
        down++;
        child = right;
      }
      if (!isBefore(child, last)) break;
      heap[at] = child;
      at = down;
    }
    heap[at] = last;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
