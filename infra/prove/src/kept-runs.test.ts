import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { keepRun, readKept } from "./kept-runs.ts";
import { emptyResult } from "./run/prove-row.ts";
import type { RunResult } from "./run/result.ts";

function run(row: number, seed: number, outcome: RunResult["outcome"], load = 1) {
  const result = { ...emptyResult(row, seed), outcome };
  return { at: "2026-01-01T00:00:00.000Z", load, result };
}

test("what is kept is the last try of each run, if that was clean and of the same load", async () => {
  const folder = await mkdtemp(join(tmpdir(), "parley-test-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "prove", "sources.jsonl");
  const plan = [1, 2, 3, 4, 5].map((row) => ({ row, seed: 7 }));
  expect(await readKept(file, plan, 1)).toEqual([]);
  await keepRun(file, run(1, 7, "clean"));
  await keepRun(file, run(1, 8, "clean"));
  await keepRun(file, run(2, 7, "clean"));
  await keepRun(file, run(2, 7, "violated"));
  await keepRun(file, run(3, 7, "broken"));
  await keepRun(file, run(3, 7, "clean"));
  await keepRun(file, run(4, 7, "clean", 0.5));
  await keepRun(file, run(5, 7, "impossible"));
  await appendFile(file, JSON.stringify(run(4, 7, "clean")).slice(0, 40));
  const kept = await readKept(file, plan, 1);
  expect(kept.map(({ result: { row, outcome } }) => [row, outcome])).toEqual([
    [1, "clean"],
    [3, "clean"],
    [5, "impossible"],
  ]);
});
