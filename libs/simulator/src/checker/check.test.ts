import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { historyOf } from "../history/history.ts";
import { checkHistory } from "./check.ts";
import { modelHistory } from "./model-history.ts";
import { mutants } from "./mutants.ts";
import { all, replace } from "./spoil.ts";

describe("the checker", () => {
  test("finds nothing in any history that a correct system could have made", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 400 }), (seed, steps) => {
        const { violations } = checkHistory(historyOf(modelHistory(seed, steps)));
        expect(violations).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test.each(mutants)("catches $name as $finds", ({ finds, mutate }) => {
    let spoiled = 0;
    for (let seed = 1; seed <= 30; seed++) {
      const lines = mutate(modelHistory(seed, 250));
      if (lines === undefined) continue;
      spoiled += 1;
      const { counts, violations } = checkHistory(historyOf(lines));
      expect(counts[finds], `seed ${seed}: ${JSON.stringify(counts)}`).toBeGreaterThan(0);
      for (const violation of violations) expect(violation.message).not.toBe("");
    }
    // A mutant that could never be planted would prove nothing.
    expect(spoiled).toBeGreaterThan(3);
  });

  test("tells an invariant's violations with the lines that show them", () => {
    const lines = modelHistory(1, 250);
    const line = all(lines, "delivered")[0];
    const { violations } = checkHistory(historyOf(replace(lines, line, ...(line ? [line, line] : [])) ?? []));
    expect(violations[0]?.invariant).toBe("C4");
    expect(violations[0]?.evidence).toContainEqual(line);
  });

  test("takes a refusal for either wish where two went out under one id on one socket", () => {
    const lines = modelHistory(1, 250);
    const ack = all(lines, "ok").find(({ id }) => id !== "create");
    const sent = all(lines, "invoke").find(({ id, type }) => id === ack?.id && type === "send");
    if (ack === undefined || sent === undefined) throw new Error("the story has no message");
    const one = { ...sent, id: "twice", at: ack.at + 0.1 };
    const refused = {
      line: "refused",
      at: ack.at + 0.2,
      connection: sent.connection,
      id: "twice",
      code: "forbidden",
    } as const;
    const judge = (...asked: readonly (typeof one)[]) => {
      return checkHistory(historyOf(replace(lines, ack, ack, ...asked, refused) ?? [])).counts.C11;
    };
    expect(judge(one)).toBe(1);
    expect(judge(one, { ...one, type: "channel.create" })).toBe(0);
    expect(judge(one, one)).toBe(1);
  });
});
