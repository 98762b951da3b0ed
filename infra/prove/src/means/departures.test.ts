import { expect, test } from "vitest";
import { spreadOf } from "./departures.ts";

test("sockets that go one by one are spread, and a herd is seen as one", () => {
  const oneByOne = Array.from({ length: 50 }, (_, index) => ({ at: index * 100, many: 1 }));
  expect(spreadOf(oneByOne)).toEqual({ busiestHalfSecond: 5, firstToLastMs: 4_900 });
  expect(spreadOf([...oneByOne, { at: 2_020, many: 30 }].sort((one, other) => one.at - other.at))).toEqual({
    busiestHalfSecond: 35,
    firstToLastMs: 4_900,
  });
});

test("nobody left: nothing is busy", () => {
  expect(spreadOf([])).toEqual({ busiestHalfSecond: 0, firstToLastMs: 0 });
});
