import type { MessageStore } from "@parley/store";
import type { Metrics } from "@parley/telemetry";

/** The same store, with the time of each call in `parley_store_seconds`, whichever adapter it is. */
export function meterStore(store: MessageStore, metrics: Pick<Metrics, "storeSeconds">): MessageStore {
  const metered = new Map<string | symbol, unknown>();
  const meter = (target: MessageStore, name: string | symbol): unknown => {
    const member: unknown = Reflect.get(target, name);
    if (typeof member !== "function" || name === "close") return member;
    return (...args: unknown[]) => {
      const end = metrics.storeSeconds.startTimer();
      const result: unknown = member.apply(target, args);
      // Beside the caller's own wait, not before it: whoever waits for an append must not wait for its metric.
      if (result instanceof Promise) result.then(end, end);
      return result;
    };
  };
  return new Proxy(store, {
    get(target, name) {
      if (!metered.has(name)) metered.set(name, meter(target, name));
      return metered.get(name);
    },
  });
}
