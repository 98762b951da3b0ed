import { readFileSync } from "node:fs";
import type { Counts } from "./slices.ts";

/**
 * CPU of this thread so far, µs. The kernel adds what the running thread has used since its last tick (some ms) only where
 * somebody asks for the whole process: hence the first call, without which short slices are off by far.
 * **Source**: Linux, kernel/sched/cputime.c, `thread_group_cputime`; getrusage(2), RUSAGE_THREAD.
 */
export function threadCpuUs(): number {
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

/** Calls of write(2) and its like by this thread, and their bytes; none where the kernel does not tell. **Source**: proc(5). */
export function readWrites(): Counts {
  if (process.platform !== "linux") return {};
  const text = readFileSync("/proc/thread-self/io", "utf8");
  const field = (name: string): number => Number(new RegExp(`^${name}: (\\d+)$`, "m").exec(text)?.[1] ?? Number.NaN);
  return { writes: field("syscw"), "bytes written": field("wchar") };
}

/** **Errors**: throws for what is no table of numbers. */
export function mustBeCounts(value: unknown): Counts {
  if (typeof value !== "object" || value === null) throw new TypeError("no counts");
  return Object.fromEntries(Object.entries(value).map(([name, count]) => [name, Number(count)]));
}
