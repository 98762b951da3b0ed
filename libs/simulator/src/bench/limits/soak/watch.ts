import { setTimeout } from "node:timers/promises";
import { lookAt, type Sample, type Watched } from "./sample.ts";

export type { Watched };

/** A look at each process, so often, by process. */
export interface Watching {
  /** Since the first look. */
  elapsedS(): number;
  stop(): void;
  /** Resolves after {@link stop}. **Errors**: rejects where a process is gone. */
  readonly done: Promise<readonly (readonly (Sample & { readonly atS: number })[])[]>;
}

export function watch(watched: readonly Watched[], everyS: number): Watching {
  const seen = watched.map((): (Sample & { atS: number })[] => []);
  const beganAt = performance.now();
  const elapsedS = (): number => (performance.now() - beganAt) / 1_000;
  const stopping = new AbortController();
  const run = async () => {
    for (let next = 0; !stopping.signal.aborted; next += everyS) {
      await pause((next - elapsedS()) * 1_000, stopping.signal);
      if (stopping.signal.aborted) break;
      const atS = elapsedS();
      const samples = await Promise.all(watched.map(lookAt));
      for (const [index, sample] of samples.entries()) seen[index]?.push({ atS, ...sample });
    }
    return seen;
  };
  const done = run();
  // It is awaited at the end only; until then its failure would be nobody's.
  done.catch(() => undefined);
  return { elapsedS, stop: () => stopping.abort(), done };
}

/** Ends early where it is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return setTimeout(Math.max(0, ms), undefined, { signal }).catch(() => undefined);
}
