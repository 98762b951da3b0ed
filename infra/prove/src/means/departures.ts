import type { TcpProxy } from "@parley/simulator/faults";

/** How the connections of a proxy went away. */
export interface Departures {
  /** There at the beginning. */
  readonly count: number;
  readonly busiestHalfSecond: number;
  readonly firstToLastMs: number;
}

const lookEveryMs = 50;
const windowMs = 500;

/** Watches how many connections stand, until `stop`. New ones in between are not told apart from those that stay. */
export function watchDepartures(proxy: Pick<TcpProxy, "connections">, now: () => number): { stop(): Departures } {
  const count = proxy.connections;
  const gone: { readonly at: number; readonly many: number }[] = [];
  let before = count;
  const timer = setInterval(() => {
    const present = proxy.connections;
    if (present < before) gone.push({ at: now(), many: before - present });
    before = present;
  }, lookEveryMs);
  return {
    stop() {
      clearInterval(timer);
      return { count, ...spreadOf(gone) };
    },
  };
}

export function spreadOf(gone: readonly { readonly at: number; readonly many: number }[]): Omit<Departures, "count"> {
  const within = (from: number): number =>
    gone.filter(({ at }) => at >= from && at < from + windowMs).reduce((sum, { many }) => sum + many, 0);
  const [first, last] = [gone[0]?.at ?? 0, gone.at(-1)?.at ?? 0];
  return { busiestHalfSecond: Math.max(0, ...gone.map(({ at }) => within(at))), firstToLastMs: last - first };
}
