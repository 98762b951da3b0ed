import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fullPlan, type Plan } from "../plan.ts";
import { readResult } from "../result.ts";
import { judge } from "../targets/judge.ts";
import { fixedRun } from "../testing/fixed-result.ts";
import { checkDocuments, writeDocuments } from "./write.ts";

const plan: Plan = { ...fullPlan, systems: ["socket.io", "parley-joined"], roomSizes: [10], repeats: 1 };
const result = fixedRun(plan, () => ({}));
let docs = "";
beforeEach(async () => {
  docs = await mkdtemp(join(tmpdir(), "parley-docs-"));
});
afterEach(() => rm(docs, { recursive: true }));

test("the section, the figures and the data are written, and the rest of the document stands", async () => {
  const head = "# What was measured\n\nother figures\n\n<!-- side-by-side: begin -->";
  const tail = "<!-- side-by-side: end -->\n\n## Not measured yet\n";
  await writeFile(join(docs, "benchmarks.md"), `${head}\nthe run before\n${tail}`);
  await checkDocuments(docs);
  const written = await writeDocuments(docs, result, judge(result));
  const text = await readFile(join(docs, "benchmarks.md"), "utf8");
  expect(text.startsWith(head)).toBe(true);
  expect(text.endsWith(tail)).toBe(true);
  expect(text).not.toContain("the run before");
  for (const path of written.filter((one) => one !== "benchmarks.md")) expect(text).toContain(`](${path})`);
  expect(await readResult(join(docs, "side-by-side.json"))).toEqual(result);
  expect((await readdir(join(docs, "figures"))).sort()).toEqual([
    "cpu.svg",
    "deliveries.svg",
    "end-to-end.svg",
    "idle-memory.svg",
    "order.svg",
  ]);
});

test("a document without a place for it is refused, before anything is written", async () => {
  await writeFile(join(docs, "benchmarks.md"), "# What was measured\n");
  await expect(checkDocuments(docs)).rejects.toThrow("is missing");
  await expect(writeDocuments(docs, result, judge(result))).rejects.toThrow("is missing");
  expect(await readdir(docs)).toEqual(["benchmarks.md"]);
});
