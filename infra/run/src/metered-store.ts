import type { MessageStore } from "@parley/store";
import type { Metrics } from "@parley/telemetry";

/** The same store, with the time of each call in `parley_store_seconds`, whichever adapter it is. */
export function meterStore(store: MessageStore, metrics: Pick<Metrics, "storeSeconds">): MessageStore {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function" || name === "close") return member;
      return (...args: unknown[]) => {
        const end = metrics.storeSeconds.startTimer();
        const result: unknown = member.apply(target, args);
        return result instanceof Promise ? result.finally(end) : result;
      };
    },
  });
}
