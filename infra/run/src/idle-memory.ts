import { performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Below this part of a core, and with its event loop waiting but for this part of the time, a process is idle. */
const idleCores = 0.15;
/** Growth since the last collection that makes another worth its pause, bytes. */
const growthBytesMin = 8 * 1024 * 1024;

type Collect = (options?: { readonly type: "major"; readonly flavor: "last-resort" }) => void;

/**
 * Gives memory back after a herd: V8 collects only while it allocates, so a process that took ten thousand sockets in a
 * minute and then went quiet would keep the garbage of that minute for hours. Collects once the process is idle and has
 * grown, and never while it is busy. **Cost**: a pause of some ten milliseconds in a quiet moment.
 * `everyMs`: how often it looks. Returns a function that stops it.
 */
export function collectWhenIdle(everyMs = 5_000): () => void {
  setFlagsFromString("--expose-gc");
  const collect: Collect = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  let cpu = process.cpuUsage();
  let loop = performance.eventLoopUtilization();
  // The start itself leaves garbage behind: the first quiet moment counts in any case.
  let settled = 0;
  const timer = setInterval(() => {
    const used = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    // On a machine with too much to do a busy process takes little CPU, too: its loop does not wait, though.
    const { utilization } = performance.eventLoopUtilization(loop);
    loop = performance.eventLoopUtilization();
    const cores = (used.user + used.system) / 1_000 / everyMs;
    if (cores > idleCores || utilization > idleCores) return;
    const resident = findResidentBytes();
    if (resident === undefined || resident - settled < growthBytesMin) return;
    collect({ type: "major", flavor: "last-resort" });
    settled = findResidentBytes() ?? resident;
    cpu = process.cpuUsage();
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Undefined for a process that can open no file more: its size is read from one. */
function findResidentBytes(): number | undefined {
  try {
    return process.memoryUsage.rss();
  } catch {
    return undefined;
  }
}
