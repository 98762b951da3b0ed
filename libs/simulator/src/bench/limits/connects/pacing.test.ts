import { describe, expect, test } from "vitest";
import { spreadOf } from "../../clients/figures.ts";
import type { Connected } from "./messages.ts";
import { aheadOfPacing, demandsOf, perSecondOf } from "./pacing.ts";

const pacing = { gateways: 2, hellosPerS: 100, hellosBurst: 50 };

describe("the pacing of connects", () => {
  test("the burst at once, then so many a second and gateway: at it is kept, one above is not", () => {
    expect(aheadOfPacing([120, 20, 20], pacing)).toBe(0);
    expect(aheadOfPacing([120, 20, 21], pacing)).toBe(1);
    expect(aheadOfPacing([0, 0, 141], pacing)).toBe(-19);
    // What came too early is not forgiven for a quiet time after it.
    expect(aheadOfPacing([121, 0, 0, 0], pacing)).toBe(1);
  });

  test("the last second may be a part", () => {
    expect(perSecondOf([...Array<number>(10).fill(3), 4, 5])).toEqual([30, 9]);
    expect(perSecondOf([])).toEqual([]);
  });

  test("who did not come or did not stay is seen; a raised pacing is not looked at", () => {
    const all: Connected = {
      kind: "connected",
      connectMs: spreadOf([1, 2, 3]),
      seconds: 1,
      perTenth: [3],
      refused: {},
      failed: 0,
      open: 3,
      cpuS: 0,
    };
    const held = (connected: Connected) => demandsOf("it", 3, connected, pacing).map(({ holds }) => holds);
    expect(held(all)).toEqual([true, true]);
    expect(held({ ...all, open: 2 })).toEqual([false, true]);
    expect(held({ ...all, connectMs: spreadOf([1, 2]), failed: 1 })).toEqual([false, true]);
    // Turned away and let in later is what the limits are there for.
    expect(held({ ...all, refused: { "Unexpected server response: 503": 4 } })).toEqual([true, true]);
    expect(held({ ...all, perTenth: [500] })).toEqual([true, false]);
    const raised = demandsOf("it", 3, { ...all, perTenth: [500], open: 0 }, undefined);
    expect(raised.map(({ holds }) => holds)).toEqual([false]);
  });
});
