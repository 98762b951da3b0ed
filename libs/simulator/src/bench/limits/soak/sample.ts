import { readdir } from "node:fs/promises";
import { ownBytes, residentBytes } from "../../../target/process-facts.ts";

/** A process that is watched. */
export interface Watched {
  readonly name: string;
  readonly pid: number;
  /** Whether its memory must be flat: our own processes. */
  readonly isOurs: boolean;
  readonly management: string | undefined;
}

/** One look at one process. What it tells itself is absent where it has no metrics, or was too busy to answer. */
export interface Sample {
  readonly residentBytes: number;
  /** Resident memory that is no file's. */
  readonly ownBytes: number;
  readonly openFiles: number;
  readonly heapUsedBytes?: number;
  /** Since the look before, p99, ms. */
  readonly loopDelayMs?: number;
  /** Sockets, servers, timers of Node. */
  readonly handles?: number;
}

const answerWithinMs = 3_000;

/** **Errors**: rejects where the process is gone. */
export async function lookAt({ pid, management }: Watched): Promise<Sample> {
  const [resident, own, files, told] = await Promise.all([
    residentBytes(pid),
    ownBytes(pid),
    readdir(`/proc/${pid}/fd`),
    management === undefined ? undefined : ask(management),
  ]);
  return { residentBytes: resident, ownBytes: own, openFiles: files.length, ...told };
}

async function ask(management: string): Promise<Partial<Sample>> {
  const text = await fetch(`${management}/metrics`, { signal: AbortSignal.timeout(answerWithinMs) }).then(
    (response) => response.text(),
    () => undefined,
  );
  if (text === undefined) return {};
  const read = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);
  return {
    heapUsedBytes: read("nodejs_heap_size_used_bytes"),
    loopDelayMs: read("nodejs_eventloop_lag_p99_seconds") * 1_000,
    handles: read("nodejs_active_handles_total"),
  };
}
