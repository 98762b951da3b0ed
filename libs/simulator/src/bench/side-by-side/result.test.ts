import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fullPlan } from "./plan.ts";
import { formatResult, readResult } from "./result.ts";
import { fixedResult, fixedRun } from "./testing/fixed-result.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-result-"));
});
afterAll(() => rm(folder, { recursive: true }));

test.each([
  ["a run", fixedRun({ ...fullPlan, repeats: 2 }, () => ({}))],
  ["a run that found nothing", fixedResult({ failures: [{ system: "glue", repeat: 1, during: "start", why: "…" }] })],
])("%s that was written is read again as it was", async (_name, result) => {
  const file = join(folder, "result.json");
  await writeFile(file, formatResult(result));
  expect(await readResult(file)).toEqual(result);
});

test("each cell has a line of its own", () => {
  const result = fixedRun({ ...fullPlan, repeats: 1 }, () => ({}));
  const lines = formatResult(result)
    .split("\n")
    .filter((line) => line.includes('"serverCpuMs"'));
  expect(lines).toHaveLength(result.cells.length);
});

test("another format, and what is no result, are refused", async () => {
  const file = join(folder, "other.json");
  for (const other of [{ ...fixedResult(), format: 0 }, { format: 1 }, []]) {
    await writeFile(file, JSON.stringify(other));
    await expect(readResult(file)).rejects.toThrow("holds no result of this benchmark");
  }
});
