import { expect, test } from "vitest";
import { emptyResult } from "../run/prove-row.ts";
import type { RunResult } from "../run/result.ts";
import { renderPage } from "./page.ts";
import { hidePaths, type Proof } from "./proof.ts";

const run = (over: Partial<RunResult>): RunResult => ({ ...emptyResult(9, 77), outcome: "clean", ...over });

function proofOf(...runs: readonly RunResult[]): Proof {
  const row = { number: 9, title: "cut <after> the request", how: "How & why.", topology: "cluster" as const };
  return { madeAt: "2026-11-24", commit: "abc", machine: { kernel: "linux" }, tookMs: 1, rows: [{ ...row, runs }] };
}

test("the page asks nobody for anything", () => {
  const page = renderPage(proofOf(run({})));
  expect(page).not.toMatch(/(?:src|href)="(?!#)|url\(|@import|<script/);
});

test("what is told by others is text and no markup", () => {
  const page = renderPage(proofOf(run({ outcome: "violated", violations: { C1: 1 }, shown: ["C1: <b>lost</b>"] })));
  expect(page).toContain("cut &lt;after&gt; the request");
  expect(page).toContain("C1: &lt;b&gt;lost&lt;/b&gt;");
});

test("each run shows its verdict, and the row the command that repeats it", () => {
  const page = renderPage(proofOf(run({}), run({ seed: 78, outcome: "impossible", why: "no tmpfs here" })));
  expect(page).toContain('title="seed 77">✓');
  expect(page).toContain('title="seed 78">–');
  expect(page).toContain("no tmpfs here");
  expect(page).toContain("npm run prove -- --only 9 --seed 77");
});

test("a timeline is drawn with the faults where they were", () => {
  const timeline = { stepMs: 250, acks: [0, 5, 2, 9], deliveries: [0, 50, 20, 90], worstMs: [0, 10, 900, 20] };
  const faults = [{ what: "cut", from: 250, to: 500, recoveryMs: 100 }];
  const marks = [{ at: 250, what: "cut", kind: "fault" }];
  const page = renderPage(proofOf(run({ timeline, faults, marks })));
  expect(page).toContain("<svg");
  expect(page).toContain('fill="var(--fault)"');
  expect(page).toContain("0.3 s: cut");
});

test("no path of the machine gets into the proof", () => {
  const hidden = hidePaths({ why: "Error at file:///somewhere/parley/infra/x.ts" }, "/somewhere/parley/");
  expect(hidden).toEqual({ why: "Error at file://./infra/x.ts" });
});
