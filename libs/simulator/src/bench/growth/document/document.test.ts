import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Point } from "../measure/point.ts";
import type { KeptAxis } from "./kept.ts";
import { writeGrowth } from "./write.ts";

const provenance = {
  command: "npm run bench -- growth",
  date: "2026-01-02",
  machine: "a CPU",
  node: "v24",
  commit: "abc",
};
const point = (size: number, cpuAMessage: number, warnings: readonly string[] = []): Point => ({
  size,
  figures: { cpuAMessage, endToEndP50: 3, memory: 200 },
  roles: {},
  commands: {},
  warnings,
});
const kept = (axis: KeptAxis["axis"], ...points: readonly Point[]): KeptAxis => ({
  axis,
  provenance,
  store: "lmdb",
  seconds: 10,
  repeats: [points],
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "parley-growth-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

test("the page says of each axis what is flat and what is not, how it was measured, and what is doubtful", async () => {
  const folder = await newFolder();
  await writeGrowth(folder, [kept("channels", point(10, 0.5), point(1_000, 50, ["at 1000: 3 lost"]))]);
  const page = await readFile(join(folder, "growth.md"), "utf8");
  expect(page).toContain("## Channels");
  expect(page).toContain("`npm run bench -- growth`, 2026-01-02, commit abc; a CPU, Node v24");
  expect(page).toMatch(/\| CPU a message \| 0.500 ms \| 50.000 ms \| × 10.00 \| grows \|/);
  expect(page).toMatch(/\| end to end p50 \| 3.00 ms \| 3.00 ms \| × 1.00 \| flat \|/);
  expect(page).toContain("**CPU a message grows**: NO REASON IS KNOWN.");
  expect(page).toContain("- Doubtful: at 1000: 3 lost.");
  const picture = await readFile(join(folder, "figures/growth-channels.svg"), "utf8");
  for (const text of ["CPU a message, ms", "channels", "grows"]) expect(picture).toContain(`>${text}<`);
  expect(picture).not.toMatch(/NaN|undefined|Infinity/);
});

test("an axis that is measured again takes the place of its old figures, and the others stay", async () => {
  const folder = await newFolder();
  await writeGrowth(folder, [
    kept("channels", point(10, 1), point(100, 1)),
    kept("users", point(100, 7), point(1_000, 7)),
  ]);
  await writeGrowth(folder, [kept("users", point(100, 9), point(1_000, 9))]);
  const page = await readFile(join(folder, "growth.md"), "utf8");
  expect(page).toContain("| CPU a message | 1.000 ms | 1.000 ms |");
  expect(page).toContain("| CPU a message | 9.000 ms | 9.000 ms |");
  expect(page).not.toContain("7.000");
  expect(page.indexOf("## Users connected")).toBeLessThan(page.indexOf("## Channels"));
});

test("data of something else is refused before anything is written", async () => {
  const folder = await newFolder();
  await writeFile(join(folder, "growth.json"), '{"cells":[]}');
  await expect(writeGrowth(folder, [])).rejects.toThrow(/holds no growth/);
  await expect(readFile(join(folder, "growth.md"))).rejects.toThrow(/ENOENT/);
});
