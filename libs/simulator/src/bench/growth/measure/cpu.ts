import { readdir, readFile } from "node:fs/promises";

/**
 * CPU seconds that the threads of a process that are alive have used. In nanoseconds, where `/proc/PID/stat` counts in
 * hundredths of a second: six processes that take a few milliseconds each in a window could not be told apart by those.
 * A thread that ended takes its time along; servers keep theirs. **Errors**: rejects where the process is gone.
 * **Source**: the kernel's scheduler/sched-stats, `/proc/<pid>/schedstat`, first field.
 */
export async function threadCpuSeconds(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const stats = threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8").catch(() => "0"));
  return (await Promise.all(stats)).reduce((sum, stat) => sum + parseSchedstat(stat), 0);
}

/** Seconds. */
export function parseSchedstat(stat: string): number {
  return Number(stat.split(" ")[0]) / 1_000_000_000;
}
