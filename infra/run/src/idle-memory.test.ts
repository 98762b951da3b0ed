import { expect, onTestFinished, test } from "vitest";
import { collectWhenIdle } from "./idle-memory.ts";

test("what a busy moment left behind is given back once the process is quiet", async () => {
  let garbage: number[][] | undefined = Array.from({ length: 64 }, () => Array.from({ length: 131_072 }, Math.random));
  const grown = process.memoryUsage().heapUsed;
  expect(garbage).toHaveLength(64);
  garbage = undefined;
  onTestFinished(collectWhenIdle(100));
  await expect
    .poll(() => process.memoryUsage().heapUsed, { timeout: 30_000, interval: 200 })
    .toBeLessThan(grown - 32 * 1024 * 1024);
});
