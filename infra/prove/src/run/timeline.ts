import type { History, Wait } from "@parley/simulator";

/** What happened in each step of a run, from the beginning of the load on. */
export interface Timeline {
  readonly stepMs: number;
  readonly acks: readonly number[];
  readonly deliveries: readonly number[];
  /** The longest wait, ms, of the requests answered in this step. */
  readonly worstMs: readonly number[];
}

const stepMs = 250;

export function timelineOf(history: History, waits: readonly Wait[], from: number, to: number): Timeline {
  const steps = Math.max(1, Math.ceil((to - from) / stepMs));
  const zeros = (): number[] => Array.from({ length: steps }, () => 0);
  const [acks, deliveries, worstMs] = [zeros(), zeros(), zeros()];
  const change = (list: number[], at: number, next: (before: number) => number): void => {
    const step = Math.floor((at - from) / stepMs);
    const before = list[step];
    if (before !== undefined) list[step] = next(before);
  };
  for (const { attempts } of history.requests.values()) {
    for (const { answer } of attempts) if (answer?.line === "ok") change(acks, answer.at, (count) => count + 1);
  }
  for (let index = 0; index < history.stream.length; index += 1) {
    const line = history.stream.line(index);
    if (line.line === "delivered") change(deliveries, line.at, (count) => count + 1);
  }
  for (const wait of waits) change(worstMs, wait.to, (before) => Math.round(Math.max(before, wait.to - wait.from)));
  return { stepMs, acks, deliveries, worstMs };
}
