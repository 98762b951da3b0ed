import { describe, expect, test } from "vitest";
import { spreadOf } from "../../clients/figures.ts";
import { type CutPhase, demandsOf } from "./verdict.ts";

const clean: CutPhase = {
  system: "parley-joined",
  title: "Parley",
  isOurs: true,
  isCut: true,
  repeat: 1,
  connectionsCut: 8,
  sent: 100,
  acked: 100,
  refused: 0,
  unsettled: 0,
  ackMs: spreadOf([1]),
  endToEndMs: spreadOf([1]),
  socketsClosed: 0,
  due: 1_000,
  announced: 0,
  lost: 0,
  doubled: 0,
  pairs: 500,
  reordered: 0,
};
const theirs: CutPhase = { ...clean, title: "theirs", isOurs: false, lost: 755, reordered: 30 };

function broken(phases: readonly CutPhase[]): readonly string[] {
  return demandsOf(phases).flatMap(({ what, holds }) => (holds ? [] : [what]));
}

describe("what a cut may cost", () => {
  test("what others lose breaks no demand", () => {
    expect(broken([clean, theirs])).toEqual([]);
  });

  test("one delivery lost or doubled, one pair, one message without an answer is too much, cut or not", () => {
    for (const fault of [{ lost: 1 }, { doubled: 1 }, { reordered: 1 }, { unsettled: 1 }]) {
      expect(broken([clean, { ...clean, ...fault }])).toHaveLength(1);
      expect(broken([clean, { ...clean, ...fault, isCut: false }])).toHaveLength(1);
    }
  });

  test("a cut that cut nothing shows nothing, and neither does a run without messages", () => {
    expect(broken([clean, { ...theirs, connectionsCut: 0 }])).toHaveLength(1);
    expect(broken([{ ...clean, isCut: false, connectionsCut: 0 }])).toHaveLength(1);
    expect(broken([{ ...clean, due: 0, pairs: 0 }])).toHaveLength(2);
  });
});
