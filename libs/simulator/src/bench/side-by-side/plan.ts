import { InvalidArgumentError } from "commander";
import { systemKinds } from "./systems.ts";

/**
 * How hard is sent. `saturated`: a closed loop. `half`: half of what this very system saturated at just before, open
 * loop. `same`: one rate for all, half of what Socket.IO saturates at, open loop.
 */
export type Mode = "saturated" | "half" | "same";

export const modes: readonly Mode[] = ["saturated", "half", "same"];

/**
 * Messages under way at once where a room size is saturated: one of each of the thousand people, whose next one goes when
 * it is acked; in rooms of 1,000 so many that 100,000 deliveries are due at once, as in rooms of 100.
 */
export const inFlightOf: ReadonlyMap<number, number> = new Map([
  [2, 1_000],
  [10, 1_000],
  [100, 1_000],
  [1_000, 100],
]);

/** Everything that is measured in one run. */
export interface Plan {
  readonly systems: readonly string[];
  readonly roomSizes: readonly number[];
  readonly modes: readonly Mode[];
  readonly repeats: number;
  /** Each in one room of each size. */
  readonly members: number;
  readonly warmS: number;
  /** Warm-up of the first window after a start: V8 compiles all of a system's code in it. */
  readonly firstWarmS: number;
  readonly windowS: number;
  /** Idle connections of the memory measurement; 0: none is made. */
  readonly idle: number;
  /** From the start, and again from the last connect, until memory is read. */
  readonly settleS: number;
}

export const fullPlan: Plan = {
  systems: systemKinds.map(({ name }) => name),
  roomSizes: [...inFlightOf.keys()],
  modes,
  repeats: 5,
  members: 1_000,
  warmS: 3,
  firstWarmS: 10,
  windowS: 5,
  idle: 10_000,
  settleS: 20,
};

/** Whether what comes out may stand in the documents: all of {@link fullPlan}, or more. */
export function isFull(plan: Plan): boolean {
  return (
    holdsAll(plan.systems, fullPlan.systems) &&
    holdsAll(plan.roomSizes, fullPlan.roomSizes) &&
    holdsAll(plan.modes, fullPlan.modes) &&
    plan.repeats >= fullPlan.repeats &&
    plan.windowS >= fullPlan.windowS &&
    plan.idle > 0
  );
}

/** Systems of a repeat (from 1) in turn: every second repeat runs backwards, so that none is always first or last. */
export function orderOf<T>(systems: readonly T[], repeat: number): readonly T[] {
  return repeat % 2 === 1 ? systems : systems.toReversed();
}

/** "rooms of 10, saturated". */
export function sceneOf(roomSize: number, mode: Mode): string {
  return `rooms of ${roomSize.toLocaleString("en-US")}, ${modeTitles[mode]}`;
}

export const modeTitles: Readonly<Record<Mode, string>> = {
  saturated: "saturated",
  half: "half of its own saturation",
  same: "half of Socket.IO's saturation",
};

/** Each once, in the order in which they stand in the tables. **Errors**: an InvalidArgumentError that names what there is. */
export function parseSystems(text: string): readonly string[] {
  return someOf(text, fullPlan.systems);
}

/** **Errors**: as above. */
export function parseModes(text: string): readonly Mode[] {
  return someOf(text, modes);
}

/** **Errors**: as above. */
export function parseRoomSizes(text: string): readonly number[] {
  return someOf(text, fullPlan.roomSizes.map(String)).map(Number);
}

/** A whole number from `least` on. **Errors**: an InvalidArgumentError. */
export function parseCount(least: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (!Number.isInteger(count) || count < least) throw new InvalidArgumentError(`a whole number from ${least} on`);
    return count;
  };
}

function someOf<T extends string>(text: string, known: readonly T[]): readonly T[] {
  const wanted = text.split(",").map((one) => one.trim());
  for (const one of wanted) {
    if (!known.some((name) => name === one)) {
      throw new InvalidArgumentError(`${JSON.stringify(one)} is none of ${known.join(", ")}`);
    }
  }
  return known.filter((name) => wanted.includes(name));
}

function holdsAll<T>(list: readonly T[], wanted: readonly T[]): boolean {
  return wanted.every((one) => list.includes(one));
}
