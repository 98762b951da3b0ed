import { execFile } from "node:child_process";
import { constants, PerformanceObserver } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
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

test("a process that has work but gets no CPU for it is not made to collect", async () => {
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const detail: unknown = Reflect.get(entry, "detail");
      const kind = typeof detail === "object" && detail !== null && "kind" in detail ? detail.kind : undefined;
      if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) collections += 1;
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  onTestFinished(() => observer.disconnect());
  onTestFinished(collectWhenIdle(100));
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  for (let turn = 0; turn < 15; turn++) {
    // Neither runs nor lets the loop wait: what the scheduler does to a process whose turn does not come.
    Atomics.wait(nobody, 0, 0, 95);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(collections).toBe(0);
  await expect.poll(() => collections, { timeout: 30_000, interval: 200 }).toBeGreaterThan(0);
});

// Found by row 18 of `npm run prove`: the size of a process is read from a file.
test("a process that can open no file more lives on", async () => {
  const fixture = fileURLToPath(new URL("./idle-memory-fixture.ts", import.meta.url));
  const limited = [
    "-c",
    'ulimit -n 64; exec "$0" "$@"',
    process.execPath,
    "--disable-warning=ExperimentalWarning",
    fixture,
  ];
  expect((await promisify(execFile)("/bin/sh", limited)).stdout).toBe("alive\n");
});
