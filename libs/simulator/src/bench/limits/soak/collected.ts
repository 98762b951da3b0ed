import { isFields } from "../../../history/content.ts";
import { ownBytes } from "../../../target/process-facts.ts";
import type { Inspector } from "../../inspectors.ts";

/** What a process holds once all garbage is collected. */
export interface Collected {
  readonly heapBytes: number;
  /** Buffers, and what native code keeps for objects. */
  readonly externalBytes: number;
  /** Resident memory that is no file's. */
  readonly ownBytes: number;
}

/**
 * Collects all garbage of a process, twice, since finalizers of the first round free more for the second; then reads
 * what it holds. **Source**: Chrome DevTools protocol, HeapProfiler.collectGarbage. **Errors**: rejects where it is gone.
 */
export async function collect(inspector: Inspector): Promise<Collected> {
  for (let round = 0; round < 2; round++) await inspector.call("HeapProfiler.collectGarbage");
  const usage = await inspector.evaluate("process.memoryUsage()");
  if (!isFields(usage)) throw new Error(`process ${inspector.pid} does not tell its memory`);
  return {
    heapBytes: Number(usage["heapUsed"]),
    externalBytes: Number(usage["external"]),
    ownBytes: await ownBytes(inspector.pid),
  };
}
