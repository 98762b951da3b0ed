import { expect, test } from "vitest";
import { fullPlan, type Plan } from "../plan.ts";
import { judge } from "../targets/judge.ts";
import { fixedRun } from "../testing/fixed-result.ts";
import { formatMarkdown } from "./markdown.ts";
import { roomSheets } from "./room-sheets.ts";
import { failureSheets, faultSheet, idleSheets } from "./run-sheets.ts";
import { targetSheet } from "./target-sheet.ts";
import { formatText } from "./text.ts";

const plan: Plan = {
  ...fullPlan,
  systems: ["socket.io", "glue", "parley-joined"],
  roomSizes: [10],
  modes: ["saturated", "half", "same"],
  repeats: 3,
};
/** 20, 30 and 25 of 100; generator busy in the last repeat. */
const result = fixedRun(plan, (system, repeat) =>
  system === "parley-joined"
    ? { serverCpuMs: [20, 30, 25][repeat - 1] ?? 0, busy: repeat === 3 ? 0.9 : 0.5, announced: 4 }
    : { reordered: 56, lost: 500 },
);

function rowOf(rows: readonly (readonly string[])[], name: string): readonly string[] {
  const row = rows.find(([first]) => first === name);
  if (row === undefined) throw new Error(`no row ${name} in ${rows.map(([first]) => first).join("; ")}`);
  return row;
}

test("a room size has a row a system and rate, with medians, ratios and spread", () => {
  const [cost, time] = roomSheets(result, 10);
  expect(cost?.rows).toHaveLength(9);
  const row = rowOf(cost?.rows ?? [], "parley-joined, saturated*");
  expect(row.slice(1, 4)).toEqual(["25.0 (20.0–30.0)", "0.25 (0.20–0.30)", "0.25 (0.20–0.30)"]);
  expect(cost?.notes.join()).toContain("* in some repeat the generator was busier than 85 %");
  const theirs = rowOf(time?.rows ?? [], "Socket.IO, half of its own saturation");
  expect(theirs.slice(1)).toEqual([
    "10.0 / 50.0 / 100",
    "100 / 100 / 100",
    "150",
    "51.2",
    "1,500",
    "0",
    "0",
    "168 (5.6 %)",
    "0",
    "0",
  ]);
});

test("each row has as many cells as the head", () => {
  const sheets = [
    ...roomSheets(result, 10),
    ...idleSheets(result),
    faultSheet(result),
    targetSheet(judge(result), result),
    ...failureSheets({ ...result, failures: [{ system: "glue", repeat: 2, during: "start", why: "no | port" }] }),
  ];
  for (const { head, rows } of sheets) for (const row of rows) expect(row).toHaveLength(head.length);
  expect(sheets.every(({ rows }) => rows.length > 0)).toBe(true);
});

test("faults of all rooms and rates stand side by side", () => {
  const sheet = faultSheet(result);
  expect(rowOf(sheet.rows, "Socket.IO").slice(1)).toEqual(["9,000", "4,500", "0", "0", "9,000", "504 (5.6 %)", "0"]);
  expect(rowOf(sheet.rows, "parley-joined").slice(1)).toEqual(["9,000", "0", "36", "0", "9,000", "0", "0"]);
});

test("the terminal shows every table, and what does not hold by name", () => {
  const text = formatText(result, judge(result));
  for (const part of ["What must be reached", "Rooms of 10: CPU", "An idle connection", "0.25 (0.20–0.30)* holds"]) {
    expect(text).toContain(part);
  }
  expect(text).toContain("DOES NOT HOLD");
  expect(text).not.toContain("What failed");
  expect(text).not.toContain("undefined");
});

test("the document tells how it was measured, and links its figures and its data", () => {
  const failures = [{ system: "glue", repeat: 2, during: "start", why: "no | port" }];
  const pictures = [{ path: "figures/cpu.svg", title: "CPU" }];
  const markdown = formatMarkdown({ ...result, failures }, judge(result), pictures, "side-by-side.json");
  for (const part of [
    "## Side by side",
    "`npm run bench`, 2026-11-24: 3 repeats, 1 failed",
    "2 cores (a CPU), 16 GiB, Linux 6.1, Node v24.0.0, Redis 7.0.15",
    "[side-by-side.json](side-by-side.json)",
    "1000 in rooms of 10",
    "sends/s: 10 in rooms of 10",
    "![CPU](figures/cpu.svg)",
    "### What must be reached",
    "One store commit, by itself: 2.00 (2.00–2.00) ms",
    "| the glue | 2 | start | no / port |",
  ]) {
    expect(markdown).toContain(part);
  }
  expect(markdown).not.toContain("undefined");
  const tableLines = markdown.split("\n").filter((line) => line.startsWith("| "));
  expect(tableLines.length).toBeGreaterThan(40);
  expect(tableLines.every((line) => line.endsWith(" |"))).toBe(true);
});
