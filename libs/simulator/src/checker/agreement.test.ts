import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { historyOf } from "../history/history.ts";
import type { HistoryLine } from "../history/lines.ts";
import { isMissing } from "../system/harness.ts";
import { checkHistory } from "./check.ts";
import { checkAllWithPython, checkWithPython, disagreements } from "./check-with-python.ts";
import { modelHistory } from "./model-history.ts";
import { mutants } from "./mutants.ts";
import type { Invariant } from "./violation.ts";

const hasPython = spawnSync("python3", ["--version"], { stdio: "ignore" }).status === 0;
const withoutPython = isMissing("python3", hasPython, "the agreement of both checkers");

async function writeHistories(histories: readonly (readonly HistoryLine[])[]): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), "parley-checkers-"));
  folders.push(folder);
  return Promise.all(
    histories.map(async (lines, index) => {
      const file = join(folder, `${index}.jsonl`);
      await writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
      return file;
    }),
  );
}

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

/** What both say of each. */
async function judgeByBoth(histories: readonly (readonly HistoryLine[])[]) {
  const verdicts = await checkAllWithPython(await writeHistories(histories));
  if (verdicts === undefined) throw new Error("there is no python3");
  return verdicts.map((theirs, index) => ({ ours: checkHistory(historyOf(histories[index] ?? [])), theirs }));
}

type Judged = Awaited<ReturnType<typeof judgeByBoth>>[number];

function expectAgreement({ ours, theirs }: Judged): void {
  const shown = [...ours.violations.map(({ invariant, message }) => ({ invariant, message })), ...theirs.violations];
  expect(disagreements(ours.counts, theirs.counts), JSON.stringify(shown, undefined, 1)).toEqual([]);
}

const seeds = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

test.skipIf(withoutPython)("both checkers find nothing in what a correct system could have made", async () => {
  const verdicts = await judgeByBoth(seeds(150).map((seed) => modelHistory(seed, (seed * 7) % 400)));
  for (const { ours, theirs } of verdicts) {
    expect([ours.violations, theirs.violations]).toEqual([[], []]);
  }
  expect(verdicts.reduce((sum, { theirs }) => sum + (theirs.judged["deliveries"] ?? 0), 0)).toBeGreaterThan(1_000);
});

describe.skipIf(withoutPython)("both checkers catch", () => {
  const judged = new Map<string, Judged[]>();

  beforeAll(async () => {
    // All in one process of the other checker: a process a mutant would take longer than the judging.
    const spoiled = mutants.flatMap(({ name, mutate }) =>
      seeds(8).flatMap((seed) => {
        const lines = mutate(modelHistory(seed, 250));
        return lines === undefined ? [] : [{ name, lines }];
      }),
    );
    const verdicts = await judgeByBoth(spoiled.map(({ lines }) => lines));
    for (const [index, { name }] of spoiled.entries()) {
      const verdict = verdicts[index];
      if (verdict !== undefined) judged.set(name, [...(judged.get(name) ?? []), verdict]);
    }
  }, 180_000);

  test.each(mutants)("$name as $finds", ({ name, finds }) => {
    const verdicts = judged.get(name) ?? [];
    expect(verdicts.length).toBeGreaterThan(0);
    for (const verdict of verdicts) {
      expectAgreement(verdict);
      expect(verdict.ours.counts[finds]).toBeGreaterThan(0);
    }
  });
});

test.skipIf(withoutPython)("both checkers tell every invariant that there is by some mutant", () => {
  const told = new Set<Invariant>(mutants.map(({ finds }) => finds));
  expect([...told].sort()).toEqual(["C1", "C10", "C11", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9", "R21", "R5"]);
});

test.skipIf(withoutPython)("a file that is no history is refused with the line at fault", async () => {
  const [file = ""] = await writeHistories([modelHistory(1, 5)]);
  await writeFile(file, `{"line":"rest","at":1}\n{"line":"gap"}\n`);
  await expect(checkWithPython(file)).rejects.toThrow(/line 2/);
});

test.skipIf(withoutPython)("the second checker's own tests pass", () => {
  const folder = fileURLToPath(new URL("../../checker/", import.meta.url));
  const { status, stderr } = spawnSync("python3", ["-m", "unittest", "-q"], { cwd: folder, encoding: "utf8" });
  expect(stderr).toMatch(/Ran \d\d+ tests/);
  expect(status, stderr).toBe(0);
});
