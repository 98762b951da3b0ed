import type { System } from "../target/system.ts";
import { type Inspector, openInspectors } from "./inspectors.ts";

/**
 * Makes each of these processes collect all garbage, so that what stays is what sessions hold and not what opening them
 * left behind. **Source**: Chrome DevTools protocol, HeapProfiler.collectGarbage.
 */
export async function collectGarbage(system: Pick<System, "output">, pids: readonly number[]): Promise<void> {
  const inspectors = await openInspectors(system, pids);
  await Promise.all(inspectors.map(collectIn));
}

/** Twice, since finalizers of the first round free more for the second. */
async function collectIn(inspector: Inspector): Promise<void> {
  for (let round = 0; round < 2; round++) await inspector.call("HeapProfiler.collectGarbage");
  inspector.close();
}
