import { expect, test } from "vitest";
import { medianFigures } from "./medians.ts";

test("each figure is the middle one of its own", () => {
  const run = (cpu: number, allocatedBytes: number, counts: Record<string, number>) => ({
    work: { cpu, allocatedBytes, counts },
  });
  expect(medianFigures([run(1, 30, { writes: 2 }), run(2, 20, {}), run(3, 10, { writes: 4, reads: 1 })])).toEqual(
    run(2, 20, { writes: 2, reads: 0 }),
  );
});
