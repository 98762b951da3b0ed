import { expect, test } from "vitest";
import type { Pace } from "../generator/messages.ts";
import { fullPlan, type Plan } from "../plan.ts";
import type { Cell, Failure } from "../result.ts";
import type { SystemKind } from "../systems.ts";
import { fixedCell } from "../testing/fixed-result.ts";
import type { Measured } from "./figures.ts";
import type { Session } from "./session.ts";
import { measureTurn, modesToRun, reasonOf } from "./turn.ts";

const kind: SystemKind = {
  name: "parley-joined",
  title: "",
  start: () => Promise.reject(new Error("nothing is started here")),
};
const plan: Plan = { ...fullPlan, roomSizes: [2, 10] };

const {
  system: _system,
  repeat: _repeat,
  roomSize: _roomSize,
  mode: _mode,
  inFlight: _inFlight,
  ...measured
} = fixedCell();

/** Runs a turn on sessions that answer by `measure`; what came out, and how many sessions were opened and ended. */
async function play(measure: (roomSize: number, pace: Pace) => Partial<Measured>, given: Partial<Plan> = {}) {
  const cells: Cell[] = [];
  const failures: Failure[] = [];
  const counts = { opened: 0, ended: 0 };
  const open = async (): Promise<Session> => {
    counts.opened += 1;
    return {
      measure: async (roomSize, pace) => ({ ...measured, ...measure(roomSize, pace) }),
      end: async () => {
        counts.ended += 1;
      },
    };
  };
  const turn = { kind, repeat: 3, plan: { ...plan, ...given }, sameRates: new Map([[2, 70]]) };
  const notes = {
    say: () => {},
    cell: (cell: Cell) => void cells.push(cell),
    failure: (failure: Failure) => void failures.push(failure),
  };
  await measureTurn(turn, notes, open);
  return { cells, failures, ...counts };
}

test("half is of what the same system saturated at in the same rooms, same is the rate of all", async () => {
  const { cells } = await play((roomSize) => ({ sendsPerS: roomSize * 100 }));
  expect(cells.map(({ roomSize, mode, inFlight, askedPerS }) => [roomSize, mode, inFlight ?? askedPerS])).toEqual([
    [2, "saturated", 1_000],
    [2, "half", 100],
    [2, "same", 70],
    [10, "saturated", 1_000],
    [10, "half", 500],
  ]);
});

test("a scene whose rate is not known is noted, and the others are measured", async () => {
  const { cells, failures, opened, ended } = await play(() => ({}));
  expect(cells).toHaveLength(5);
  expect(failures).toEqual([
    {
      system: "parley-joined",
      repeat: 3,
      during: "rooms of 10, half of Socket.IO's saturation",
      why: "the rate that it goes by was not found",
    },
  ]);
  expect([opened, ended]).toEqual([1, 1]);
});

test("a scene that fails is noted, and the next begins on a system started anew", async () => {
  const given = { modes: ["saturated"], roomSizes: [2, 10, 100] } as const;
  const { cells, failures, opened, ended } = await play((roomSize) => {
    if (roomSize === 10) throw new Error("it broke\nand printed this");
    return {};
  }, given);
  expect(cells.map(({ roomSize }) => roomSize)).toEqual([2, 100]);
  expect(failures.map(({ during, why }) => [during, why])).toEqual([["rooms of 10, saturated", "it broke"]]);
  expect([opened, ended]).toEqual([2, 2]);
});

test.each([
  [{ unsettled: 1 }, 2],
  [{ socketsClosed: 1 }, 2],
  [{ unsettled: 0, socketsClosed: 0 }, 1],
])("a system that was left with %o: %i are started", async (left, expected) => {
  const { opened, ended } = await play((roomSize) => (roomSize === 2 ? left : {}), { modes: ["saturated"] });
  expect([opened, ended]).toEqual([expected, expected]);
});

test("a system that does not start is asked once", async () => {
  const failures: Failure[] = [];
  let asked = 0;
  const notes = { say: () => {}, cell: () => {}, failure: (failure: Failure) => void failures.push(failure) };
  await measureTurn({ kind, repeat: 1, plan, sameRates: new Map() }, notes, () => {
    asked += 1;
    return Promise.reject(new Error("no port is free"));
  });
  expect(asked).toBe(1);
  expect(failures).toEqual([{ system: "parley-joined", repeat: 1, during: "start", why: "no port is free" }]);
});

test("half alone needs the saturation too", () => {
  expect(modesToRun(["half"])).toEqual(["saturated", "half"]);
  expect(modesToRun(["same"])).toEqual(["same"]);
  expect(modesToRun(["saturated", "half"])).toEqual(["saturated", "half"]);
});

test("a reason is one line", () => {
  expect(reasonOf(new Error("first\nsecond"))).toBe("first");
  expect(reasonOf("text")).toBe("text");
});
