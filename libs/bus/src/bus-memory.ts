import { type Bus, BusError, type BusSubscription } from "./bus.ts";

export interface MemoryBus extends Bus {
  /**
   * For tests: takes the bus away and brings it back. While away a publish or subscribe rejects, and what was under way
   * is lost, as with a server that was killed.
   */
  setUp(isUp: boolean): void;
}

export interface MemoryBusOptions {
  /** Runs the function later, in the order called; default `setImmediate`. A simulation passes its own. */
  readonly schedule?: (run: () => void) => void;
  /** Bytes under way at which a publish rejects; default 64 MiB. */
  readonly pendingBytesMax?: number;
}

const payloadBytesMax = 8 * 1024 * 1024;

/**
 * The bus of one process, shared by all nodes in it. Delivery is always asynchronous, as it is with a server between.
 * **Order**: as published, over all topics. **Repeat**: never. A handler gets the publisher's bytes, not a copy:
 * neither may change them. **Bounds**: beyond `pendingBytesMax` a publish rejects with BusError.
 * `close` closes it for everyone in the process.
 */
export function createMemoryBus(options: MemoryBusOptions = {}): MemoryBus {
  const { schedule = setImmediate, pendingBytesMax = 64 * 1024 * 1024 } = options;
  type Handler = (payload: Uint8Array) => void;
  const topics = new Map<string, Set<{ handler: Handler }>>();
  const listeners = new Set<(isUp: boolean) => void>();
  let pending: { topic: string; payload: Uint8Array }[] = [];
  let pendingBytes = 0;
  let isUp = true;
  let isClosed = false;

  function deliver(): void {
    const batch = pending;
    pending = [];
    pendingBytes = 0;
    for (const { topic, payload } of batch) {
      // A copy: a handler may close its subscription or add one.
      for (const entry of [...(topics.get(topic) ?? [])]) {
        if (topics.get(topic)?.has(entry) === true) callSafely(() => entry.handler(payload));
      }
    }
  }

  return {
    get isUp() {
      return isUp && !isClosed;
    },
    async publish(topic, payload) {
      if (isClosed || !isUp) throw new BusError("The bus is out of reach.");
      if (payload.byteLength > payloadBytesMax) throw new BusError("The payload is larger than 8 MiB.");
      if (pendingBytes + payload.byteLength > pendingBytesMax) throw new BusError("Too much is under way on the bus.");
      const receivers = topics.get(topic)?.size ?? 0;
      if (receivers > 0) {
        if (pending.length === 0) schedule(deliver);
        pending.push({ topic, payload });
        pendingBytes += payload.byteLength;
      }
      return receivers;
    },
    async subscribe(topic, handler): Promise<BusSubscription> {
      if (isClosed || !isUp) throw new BusError("The bus is out of reach.");
      const entry = { handler };
      const entries = topics.get(topic) ?? new Set();
      topics.set(topic, entries.add(entry));
      return {
        async close() {
          if (entries.delete(entry) && entries.size === 0 && topics.get(topic) === entries) topics.delete(topic);
        },
      };
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    setUp(next) {
      if (next === isUp) return;
      isUp = next;
      if (!next) {
        pending.length = 0;
        pendingBytes = 0;
      }
      for (const listener of [...listeners]) listener(next);
    },
    async close() {
      isClosed = true;
      topics.clear();
      listeners.clear();
    },
  };
}

/** A handler that throws must not keep the messages behind it from the others: its error surfaces on its own. */
function callSafely(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
