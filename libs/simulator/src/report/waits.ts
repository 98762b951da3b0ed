import type { History } from "../history/history.ts";

/** From a request's first frame to the answer that settled it, over all its attempts and sockets. */
export interface Wait {
  readonly from: number;
  readonly to: number;
}

export interface WaitsOf {
  readonly history: History;
  readonly leaves: readonly { readonly at: number; readonly device: string }[];
  isSlow(device: string): boolean;
}

/**
 * How long people waited for each request, in the order answered. Left out are waits that the device brought upon
 * itself: it was offline, hung up or stopped reading in between, or reads slowly on purpose.
 */
export function waitsOf({ history, leaves, isSlow }: WaitsOf): readonly Wait[] {
  const leavesOf = Map.groupBy(leaves, ({ device }) => device);
  const waits: Wait[] = [];
  for (const { user, device, attempts } of history.requests.values()) {
    const name = `${user}/${device}`;
    const last = attempts.at(-1)?.answer;
    if (isSlow(name) || last === undefined || last.line === "unknown") continue;
    const wait = { from: attempts[0].invoke.at, to: last.at };
    if (!leavesOf.get(name)?.some(({ at }) => at >= wait.from && at <= wait.to)) waits.push(wait);
  }
  return waits.sort((one, other) => one.to - other.to);
}
