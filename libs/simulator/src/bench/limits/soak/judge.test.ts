import { describe, expect, test } from "vitest";
import { spreadOf } from "../../clients/figures.ts";
import { demandsOf, growthOf, type PhaseLine, type ProcessLine } from "./judge.ts";

const MiB = 1_048_576;
const hour = 3_600;

const phase: PhaseLine = {
  atS: 0,
  acked: 1_000,
  sentPerS: 100,
  ackedPerS: 100,
  deliveriesPerS: 1_000,
  serverCores: 1,
  generatorCores: 0.3,
  refused: 0,
  unsettled: 0,
  socketsClosed: 0,
  ackMs: spreadOf([1]),
  endToEndMs: spreadOf([1]),
  due: 1_000,
  announced: 0,
  lost: 0,
  doubled: 0,
  pairs: 900,
  reordered: 0,
};

interface Shape {
  /** Shares an hour. */
  readonly ownPerHour?: number;
  readonly heapPerHour?: number;
  readonly outsidePerHour?: number;
  /** Sawtooth on top, share. */
  readonly saw?: number;
  readonly filesPerHour?: number;
  readonly minutes?: number;
}

/** A process of 100 MiB as it would be seen. */
function seen({
  ownPerHour = 0,
  heapPerHour = 0,
  outsidePerHour = 0,
  saw = 0.1,
  filesPerHour = 0,
  minutes = 20,
}: Shape): ProcessLine {
  const times = (everyS: number): readonly number[] =>
    Array.from({ length: Math.floor((minutes * 60) / everyS) }, (_, index) => index * everyS);
  // A period that is no multiple of the samples'.
  const tooth = (atS: number): number => ((atS % 37) / 37 - 0.5) * saw;
  return {
    name: "gateway",
    isOurs: true,
    samples: times(10).map((atS) => ({
      atS,
      residentBytes: 150 * MiB,
      ownBytes: 100 * MiB * (1 + (ownPerHour * atS) / hour + tooth(atS)),
      openFiles: 30 + Math.round((filesPerHour * atS) / hour),
    })),
    collected: times(30).map((atS) => ({
      atS,
      heapBytes: 40 * MiB * (1 + (heapPerHour * atS) / hour + (atS % 60 === 0 ? 0.001 : -0.001)),
      externalBytes: 40 * MiB * (1 + (outsidePerHour * atS) / hour + (atS % 60 === 0 ? 0.01 : -0.01)),
      ownBytes: 90 * MiB,
    })),
  };
}

function broken(shape: Shape, phases: readonly PhaseLine[] = [phase]): readonly string[] {
  return demandsOf(phases, [growthOf(seen(shape))]).flatMap(({ what, holds }) => (holds ? [] : [what]));
}

describe("the judge of a soak", () => {
  test("a flat line with a sawtooth on it is flat", () => {
    expect(broken({})).toEqual([]);
    expect(broken({ saw: 0.3 })).toEqual([]);
  });

  test("what is held, in the heap and outside, may grow by less than 2 % an hour beyond noise: below, above", () => {
    expect(broken({ heapPerHour: 0.019 })).toEqual([]);
    expect(broken({ heapPerHour: 0.06 })).toEqual([expect.stringContaining("the heap, once garbage")]);
    expect(broken({ outsidePerHour: 0.019 })).toEqual([]);
    expect(broken({ outsidePerHour: 0.3 })).toEqual([expect.stringContaining("outside of the heap")]);
  });

  test("memory that no collection tells of is seen in the resident one", () => {
    expect(broken({ ownPerHour: 1 })).toEqual([expect.stringContaining("resident memory")]);
  });

  test("a line that falls does not grow", () => {
    expect(broken({ ownPerHour: -0.5, heapPerHour: -0.2 })).toEqual([]);
  });

  test("the first half, in which everything grows once, does not count", () => {
    const line = seen({});
    const early = line.samples.map((one) => (one.atS < 500 ? { ...one, ownBytes: one.ownBytes / 2 } : one));
    expect(demandsOf([phase], [growthOf({ ...line, samples: early })]).every(({ holds }) => holds)).toBe(true);
  });

  test("a soak that is too short shows nothing, and says so", () => {
    expect(broken({ minutes: 2 })).toContainEqual(expect.stringContaining("the noise hides"));
  });

  test("open files that add up are seen", () => {
    expect(broken({ filesPerHour: 9 })).toEqual([]);
    expect(broken({ filesPerHour: 30 })).toEqual([expect.stringContaining("open files")]);
  });

  test("one fault in one phase is too much", () => {
    for (const fault of ["lost", "doubled", "reordered", "unsettled", "socketsClosed"] as const) {
      expect(broken({}, [phase, { ...phase, [fault]: 1 }])).toHaveLength(1);
    }
    expect(broken({}, [])).toHaveLength(2);
  });

  test("one in a thousand may be told to come again: at, above", () => {
    expect(broken({}, [phase, { ...phase, refused: 2 }])).toEqual([]);
    expect(broken({}, [phase, { ...phase, refused: 3 }])).toEqual([expect.stringContaining("come again")]);
  });
});
