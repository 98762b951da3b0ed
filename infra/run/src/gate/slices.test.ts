import { expect, test } from "vitest";
import { openReference } from "./reference.ts";
import { measureWork, medianOf } from "./slices.ts";

test("the median is the middle, or the mean of the two in the middle", () => {
  expect(medianOf([3, 1, 2])).toBe(2);
  expect(medianOf([4, 1, 3, 2])).toBe(2.5);
  expect(medianOf([])).toBeNaN();
});

test("counts are those of the slices, a message, without the warm-up", async () => {
  const reference = await openReference();
  let rounds = 0;
  const measured = await measureWork(
    {
      name: "work",
      messages: 2,
      roundsASlice: 5,
      mix: { pieces: 100, piecesAWrite: 10 },
      round: async () => void rounds++,
      counts: async () => ({ calls: rounds * 6 }),
    },
    reference,
    { slices: 4, warmRounds: 7 },
  );
  reference.close();
  expect(rounds).toBe(7 + 5 * 4);
  expect(measured.counts).toEqual({ calls: 3 });
  expect(measured.cpu).toBeGreaterThan(0);
});
