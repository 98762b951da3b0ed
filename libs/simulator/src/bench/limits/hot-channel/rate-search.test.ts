import { describe, expect, test } from "vitest";
import { highestHeld, nextRate, type RateSearch, type TriedRate } from "./rate-search.ts";

const search: RateSearch = { firstPerS: 100, factor: 2, halvings: 3, triesMax: 20 };

function run(limit: number, options: RateSearch = search): readonly TriedRate[] {
  const tried: TriedRate[] = [];
  for (let perS = nextRate(tried, options); perS !== undefined; perS = nextRate(tried, options)) {
    tried.push({ perS, holds: perS <= limit });
  }
  return tried;
}

describe("the search of the highest rate", () => {
  test("it rises by the factor, and halves the gap so often", () => {
    const tried = run(730);
    expect(tried.map(({ perS }) => perS)).toEqual([100, 200, 400, 800, 566, 673, 734]);
    expect(highestHeld(tried)?.perS).toBe(673);
  });

  test("where not even the first holds it falls, and ends where nothing does", () => {
    expect(run(40).map(({ perS }) => perS)).toEqual([100, 50, 25, 35, 42, 38]);
    expect(highestHeld(run(40))?.perS).toBe(38);
    expect(run(0).at(-1)?.perS).toBe(1);
    expect(highestHeld(run(0))).toBeUndefined();
  });

  test("what holds above what did not is chance, not the highest", () => {
    const tried = [
      { perS: 100, holds: true },
      { perS: 200, holds: false },
      { perS: 400, holds: true },
    ];
    expect(highestHeld(tried)?.perS).toBe(100);
  });

  test("it never goes on for ever", () => {
    expect(run(Number.POSITIVE_INFINITY, { ...search, triesMax: 5 })).toHaveLength(5);
  });
});
