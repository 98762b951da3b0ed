import { type MessageStore, StoreError } from "../message-store.ts";

/**
 * Several handles of one store that only one may have open: as many "other stores on the same data" as a contract asks
 * for. The first opens it, the last to close closes it, and the next opens it anew.
 */
export function shareStore(openReal: () => Promise<MessageStore>): () => Promise<MessageStore> {
  let real: Promise<MessageStore> | undefined;
  let handles = 0;
  return async () => {
    handles += 1;
    real ??= openReal();
    const store = await real;
    let closing: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      handles -= 1;
      if (handles > 0) return;
      real = undefined;
      await store.close();
    };
    return new Proxy(store, {
      get(_target, name) {
        const member: unknown = Reflect.get(store, name);
        if (typeof member !== "function") return member;
        return (...args: unknown[]): unknown => {
          if (name === "close") {
            closing ??= close();
            return closing;
          }
          if (closing !== undefined) return Promise.reject(new StoreError("unavailable", "the store is closed"));
          return Reflect.apply(member, store, args);
        };
      },
    });
  };
}
