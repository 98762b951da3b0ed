import { readdir, readFile } from "node:fs/promises";

export interface ThreadUse {
  /** As the kernel names it; `main` for the one that runs JavaScript, which is the one that is profiled. */
  readonly name: string;
  readonly cpuS: number;
}

/** Name and CPU seconds of each thread, by thread id. **Errors**: rejects where the process is gone. **Source**: proc(5). */
export async function cpuByThread(pid: number): Promise<ReadonlyMap<number, ThreadUse>> {
  const threads = await readdir(`/proc/${pid}/task`);
  const uses = threads.map(async (thread): Promise<[number, ThreadUse][]> => {
    // A thread may end between the two looks.
    const stat = await readFile(`/proc/${pid}/task/${thread}/stat`, "utf8").catch(() => undefined);
    return stat === undefined ? [] : [[Number(thread), parseThread(stat, Number(thread) === pid)]];
  });
  return new Map((await Promise.all(uses)).flat());
}

export function parseThread(stat: string, isMain: boolean): ThreadUse {
  const end = stat.lastIndexOf(")");
  const fields = stat.slice(end + 2).split(" ");
  const name = isMain ? "main" : stat.slice(stat.indexOf("(") + 1, end);
  return { name, cpuS: (Number(fields[11]) + Number(fields[12])) / 100 };
}

/** By name, largest first; what used nothing is left out. */
export function threadsSince(
  before: ReadonlyMap<number, ThreadUse>,
  now: ReadonlyMap<number, ThreadUse>,
): readonly ThreadUse[] {
  const byName = new Map<string, number>();
  for (const [thread, { name, cpuS }] of now) {
    byName.set(name, (byName.get(name) ?? 0) + cpuS - (before.get(thread)?.cpuS ?? 0));
  }
  return [...byName]
    .map(([name, cpuS]) => ({ name, cpuS }))
    .filter(({ cpuS }) => cpuS > 0)
    .sort((a, b) => b.cpuS - a.cpuS);
}
