import { describe, expect, test } from "vitest";
import { spreadOf } from "../../clients/figures.ts";
import type { PhaseFigures } from "../../side-by-side/generator/messages.ts";
import { demandsOf, stepOf, whyNot } from "./step.ts";

const clean: PhaseFigures = {
  kind: "figures",
  seconds: 10,
  sent: 1_000,
  acked: 1_000,
  refused: 0,
  deliveries: 100_000,
  ackMs: spreadOf([20]),
  endToEndMs: spreadOf([20]),
  due: 100_000,
  announced: 0,
  lost: 0,
  doubled: 0,
  pairs: 5_000,
  reordered: 0,
  busy: 0.5,
  processes: [],
  unsettled: 0,
  socketsClosed: 0,
};

const idle = { cores: 2, busyCores: 0 };

function broken(change: Partial<PhaseFigures>): readonly string[] {
  const steps = [clean, { ...clean, ...change }].map((figures) => stepOf(100, figures, [], idle, 1_000));
  return demandsOf(steps).flatMap(({ what, holds }) => (holds ? [] : [what]));
}

describe("a rate on one channel", () => {
  test("p99 of acks at the bound holds, above it does not", () => {
    expect(whyNot(100, { ...clean, ackMs: spreadOf([1_000]) }, 1_000)).toBeUndefined();
    expect(whyNot(100, { ...clean, ackMs: spreadOf([1_001]) }, 1_000)).toContain("p99");
  });

  test("a refusal, a queue that grows, silence, a slow reader, a generator that falls behind: none of them holds", () => {
    expect(whyNot(100, { ...clean, refused: 1 }, 1_000)).toContain("refused");
    expect(whyNot(100, { ...clean, acked: 980 }, 1_000)).toBeUndefined();
    expect(whyNot(100, { ...clean, acked: 979 }, 1_000)).toContain("acked in time");
    expect(whyNot(100, { ...clean, unsettled: 1 }, 1_000)).toContain("never answered");
    expect(whyNot(100, { ...clean, announced: 1 }, 1_000)).toContain("gaps");
    expect(whyNot(106, clean, 1_000)).toContain("the generator");
    expect(stepOf(106, clean, [], idle, 1_000).generator.isBehind).toBe(true);
  });

  test("a gap that was announced is no loss, one delivery more is", () => {
    expect(broken({ lost: 7, announced: 7 })).toEqual([]);
    expect(broken({ lost: 8, announced: 7 })).toEqual([expect.stringContaining("every member once")]);
  });

  test("doubled, reordered and closed are seen at rates that hold and at others alike", () => {
    for (const fault of [{ doubled: 1 }, { reordered: 1 }, { socketsClosed: 1 }]) {
      expect(broken(fault)).toHaveLength(1);
      expect(broken({ ...fault, refused: 9 })).toHaveLength(1);
    }
  });

  test("where no rate holds the search has found nothing", () => {
    const step = stepOf(100, { ...clean, refused: 1 }, [], idle, 1_000);
    expect(demandsOf([step]).flatMap(({ what, holds }) => (holds ? [] : [what]))).toEqual(["some rate holds"]);
  });
});
