import type { Plan } from "../plan.ts";
import type { SideBySide } from "../result.ts";

/** Whom we are measured against. */
export type Baseline = "socket.io" | "glue";

/** A figure as it was found: to judge by, and to show. */
export interface Found {
  readonly value: number;
  readonly text: string;
  /** What a reader must know of it, e.g. that the generator was the limit; mostly none. */
  readonly marks: readonly Mark[];
}

/** `generator`: it was busier than 85 %, so that the figure is its own. `behind`: the rate asked for was not reached. */
export type Mark = "generator" | "behind";

/** One line of what must be reached. */
export interface Target {
  /** "server CPU per 1,000 deliveries". */
  readonly figure: string;
  /** "rooms of 100, saturated"; empty where the figure is one of the whole run. */
  readonly scene: string;
  readonly against: Baseline;
  /** The bound as it is written: "≤ 0.50 × (split ≤ 0.65 ×)". */
  readonly limit: string;
  /** Layouts of ours that must hold it; others are shown for information. */
  readonly layouts: readonly string[];
  /** Whether the run was to find it. */
  isPlanned(plan: Plan): boolean;
  /** Undefined where nothing was measured. */
  find(result: SideBySide, layout: string): Found | undefined;
  /** What they had, for the eye. */
  theirs(result: SideBySide): string;
  holds(layout: string, value: number): boolean;
}

/** Both layouts that keep everything in the embedded store, and both on the MongoDB wire. */
export const joinedLayouts = ["parley-joined", "parley-joined-mongodb"] as const;
export const splitLayouts = ["parley-split", "parley-split-mongodb"] as const;

export function isSplit(layout: string): boolean {
  return splitLayouts.some((one) => one === layout);
}

/**
 * Socket.IO stores nothing, so that it is compared with what has its store at hand; the glue, which inserts into
 * MongoDB, with both.
 */
export function layoutsAgainst(against: Baseline): readonly string[] {
  return against === "socket.io" ? [joinedLayouts[0], splitLayouts[0]] : [...joinedLayouts, ...splitLayouts];
}
