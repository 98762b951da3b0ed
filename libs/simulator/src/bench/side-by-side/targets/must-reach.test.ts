import { describe, expect, test } from "vitest";
import { fullPlan, type Mode } from "../plan.ts";
import type { Cell, SideBySide } from "../result.ts";
import { fixedCell, fixedIdle, fixedResult } from "../testing/fixed-result.ts";
import { judge } from "./judge.ts";
import { mustReach } from "./must-reach.ts";

/**
 * The table once more, as plain numbers: theirs is 100 of each figure (with 2 ms a store commit), so that ours at
 * the bound is a whole number. [figure, room size, mode, against, layouts, ours at the bound]
 */
type Row = readonly [string, number, Mode, "socket.io" | "glue", readonly string[], number];

const joined = ["parley-joined"];
const split = ["parley-split"];
const both = [...joined, ...split];
const all = ["parley-joined", "parley-split", "parley-joined-mongodb", "parley-split-mongodb"];

const cpu = "server CPU per 1,000 deliveries";
const p50 = "end-to-end p50";
const p99 = "end-to-end p99";
const rows: readonly Row[] = [
  [cpu, 100, "saturated", "socket.io", both, 25],
  [cpu, 100, "half", "socket.io", both, 45],
  [cpu, 100, "saturated", "glue", all, 25],
  [cpu, 100, "half", "glue", all, 40],
  [cpu, 10, "saturated", "socket.io", joined, 50],
  [cpu, 10, "half", "socket.io", joined, 65],
  [cpu, 10, "saturated", "socket.io", split, 65],
  [cpu, 10, "half", "socket.io", split, 80],
  [cpu, 10, "saturated", "glue", all, 35],
  [cpu, 10, "half", "glue", all, 45],
  [cpu, 2, "saturated", "socket.io", joined, 80],
  [cpu, 2, "half", "socket.io", joined, 100],
  [cpu, 2, "saturated", "socket.io", split, 100],
  [cpu, 2, "half", "socket.io", split, 125],
  [cpu, 2, "saturated", "glue", all, 50],
  [cpu, 2, "half", "glue", all, 50],
  [cpu, 100, "same", "socket.io", both, 50],
  [cpu, 10, "same", "socket.io", both, 100],
  [cpu, 2, "same", "socket.io", both, 120],
  ...[100, 10, 2].flatMap((size): readonly Row[] => [
    [cpu, size, "same", "glue", all, 50],
    ...(["saturated", "half", "same"] as const).flatMap((mode): readonly Row[] => [
      ["Redis CPU per 1,000 deliveries", size, mode, "socket.io", both, 15],
      ["Redis CPU per 1,000 deliveries", size, mode, "glue", all, 15],
    ]),
    [p50, size, "same", "socket.io", both, 152],
    [p99, size, "same", "socket.io", both, 100],
    [p50, size, "same", "glue", all, 50],
    [p99, size, "same", "glue", all, 50],
  ]),
  ["deliveries", 100, "saturated", "socket.io", both, 250],
  ["deliveries", 100, "saturated", "glue", all, 250],
];

const fieldOf: Readonly<Record<string, (value: number) => Partial<Cell>>> = {
  [cpu]: (value) => ({ serverCpuMs: value }),
  "Redis CPU per 1,000 deliveries": (value) => ({ redisCpuMs: value }),
  deliveries: (value) => ({ deliveriesPerS: value }),
  [p50]: (value) => ({ endToEndMs: { p50: value, p95: 100, p99: 100 } }),
  [p99]: (value) => ({ endToEndMs: { p50: 100, p95: 100, p99: value } }),
};

/** Whether the line holds for the layout. **Errors**: throws unless there is exactly one such line. */
function holds(result: SideBySide, figure: string, against: string, layout: string, scene?: RegExp): unknown {
  const lines = judge(result).filter(
    ({ target }) => target.figure === figure && target.against === against && (scene?.test(target.scene) ?? true),
  );
  if (lines.length !== 1) throw new Error(`${lines.length} lines of ${figure}`);
  return lines[0]?.verdicts.find((verdict) => verdict.layout === layout)?.holds;
}

describe.each(rows.flatMap((row) => row[4].map((layout) => [...row, layout] as const)))(
  "%s, rooms of %i, %s, against %s",
  (figure, roomSize, mode, against, _layouts, bound, layout) => {
    const scene = new RegExp(
      `^rooms of ${roomSize}, ${{ saturated: "saturated", half: "half of its", same: "half of Socket" }[mode]}`,
    );
    const isFloor = figure === "deliveries";
    test.each([
      ["below", bound - 1, !isFloor],
      ["at", bound, true],
      ["above", bound + 1, isFloor],
    ])(`${layout} %s the bound: %i`, (_name, value, expected) => {
      const theirs = fixedCell({ system: against, roomSize, mode });
      const ours = fixedCell({ system: layout, roomSize, mode, ...fieldOf[figure]?.(value) });
      expect(holds(fixedResult({ cells: [theirs, ours] }), figure, against, layout, scene)).toBe(expected);
    });
  },
);

describe.each(["socket.io", "glue"])("against %s", (against) => {
  test.each([
    ["far below, where more was given back than came,", -1, false],
    ["below", 54_900, true],
    ["at", 55_000, true],
    ["above", 55_100, false],
  ])("RSS an idle connection %s the bound", (_name, afterBytes, expected) => {
    const idle = [fixedIdle({ system: against }), fixedIdle({ system: "parley-split", afterBytes })];
    const result = fixedResult({ idle });
    expect(holds(result, "RSS an idle connection, all processes", against, "parley-split")).toBe(expected);
  });

  test.each([
    ["acked and not delivered", { lost: 1 }],
    ["delivered twice", { doubled: 1 }],
    ["neighbouring messages in different order", { reordered: 1 }],
  ])("%s: none in any cell, and one in one", (figure, fault) => {
    const cells = [2, 10].map((roomSize) => fixedCell({ system: "parley-joined", roomSize }));
    const judged = (list: readonly Cell[]) => holds(fixedResult({ cells: list }), figure, against, "parley-joined");
    expect(judged(cells)).toBe(true);
    expect(judged([...cells, fixedCell({ system: "parley-joined", ...fault })])).toBe(false);
  });
});

test("every line is covered above", () => {
  const ratios = new Set(rows.map(([figure, roomSize, mode, against]) => [figure, roomSize, mode, against].join()));
  // Beside the ratios: memory, and three kinds of faults, against either.
  expect(mustReach).toHaveLength(ratios.size + 2 + 6);
  expect(judge(fixedResult({ plan: fullPlan }))).toHaveLength(mustReach.length);
});
