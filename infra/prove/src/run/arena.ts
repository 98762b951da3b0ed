import type { Random, Scene } from "@parley/simulator";
import { pause, waitFor } from "../fleet/wait.ts";

/** Something that happened in a run, ms on the clock of the history. */
export interface Mark {
  readonly at: number;
  readonly what: string;
  readonly kind: "fault" | "end" | "note";
}

/** A fault from its injection to its end; both are the same where it is over at once, as a kill is. */
export interface Fault {
  readonly what: string;
  readonly from: number;
  readonly to: number;
}

/** Something that a row asks for beyond the invariants, and whether it was so. */
export interface Requirement {
  readonly what: string;
  readonly isMet: boolean;
  /** What was seen. */
  readonly seen: string;
}

/** What a row has in hand while the load lasts. */
export interface Arena<System> {
  readonly fleet: System;
  /** Seeded: all chance of a row comes from here, so that its seed repeats it. */
  readonly random: Random;
  /** The people and what has been seen of them so far. */
  readonly scene: Scene;
  /** A line in the story, without being a fault. */
  mark(what: string): void;
  /** A fault that is over the moment it happens; a recovery is measured from here. */
  strike(what: string): void;
  /** A fault that lasts until `end` is called; a recovery is measured from there. */
  inject(what: string): { end(what?: string): void };
  pause(ms: number): Promise<void>;
  /** **Errors**: rejects when it was not so in time, which fails the harness: the fault could not be made. */
  until(what: string, isThere: () => boolean | Promise<boolean>, withinMs: number): Promise<void>;
  /** A promise that this row alone checks. One that is not met counts as a violation. */
  require(what: string, isMet: boolean, seen: string): void;
  /** Judged when everyone has come to rest and the waits of all requests are known. */
  requireLater(what: string, judge: (outcome: Outcome) => { readonly isMet: boolean; readonly seen: string }): void;
  /** A figure of this row for the page. */
  figure(name: string, value: string): void;
}

/** What is known when everyone is at rest. */
export interface Outcome {
  readonly scene: Scene;
  /** See `waitsOf`: in the order answered. */
  readonly waits: readonly { readonly from: number; readonly to: number }[];
  readonly faults: readonly Fault[];
}

/** The arena together with what the row left in it. */
export interface Ring<System> extends Arena<System> {
  readonly marks: readonly Mark[];
  readonly faults: readonly Fault[];
  readonly requirements: readonly Requirement[];
  readonly figures: Readonly<Record<string, string>>;
  /** Ends what the row left open. */
  endAll(): void;
  judge(outcome: Outcome): void;
}

export interface ArenaOptions<System> extends Pick<Arena<System>, "fleet" | "random" | "scene"> {
  /** Of what `pause` is asked for, so long it takes: 1 as the row says. */
  readonly pace: number;
}

export function createArena<System>(
  { fleet, random, scene, pace }: ArenaOptions<System>,
  onMark: (what: string) => void,
): Ring<System> {
  const marks: Mark[] = [];
  const faults: { what: string; from: number; to: number }[] = [];
  const open = new Set<() => void>();
  const requirements: Requirement[] = [];
  const later: { what: string; judge: (outcome: Outcome) => { isMet: boolean; seen: string } }[] = [];
  const figures: Record<string, string> = {};
  const add = (kind: Mark["kind"], what: string): number => {
    const at = scene.now();
    marks.push({ at, what, kind });
    onMark(what);
    return at;
  };

  return {
    fleet,
    random,
    scene,
    marks,
    faults,
    requirements,
    figures,
    mark: (what) => void add("note", what),
    strike(what) {
      const at = add("fault", what);
      faults.push({ what, from: at, to: at });
    },
    inject(what) {
      const from = add("fault", what);
      const fault = { what, from, to: Number.POSITIVE_INFINITY };
      faults.push(fault);
      const end = (said = `${what}: over`): void => {
        if (!open.delete(end)) return;
        fault.to = add("end", said);
      };
      open.add(end);
      return { end };
    },
    pause: (ms) => pause(ms * pace),
    until: waitFor,
    require: (what, isMet, seen) => void requirements.push({ what, isMet, seen }),
    requireLater: (what, judge) => void later.push({ what, judge }),
    figure(name, value) {
      figures[name] = value;
    },
    endAll() {
      for (const end of [...open]) end();
    },
    judge(outcome) {
      for (const { what, judge } of later) requirements.push({ what, ...judge(outcome) });
    },
  };
}
