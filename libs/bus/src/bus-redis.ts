import { type Bus, BusError, type BusSubscription } from "./bus.ts";
import { connectCommands } from "./redis-client.ts";
import type { RedisOptionsUnion } from "./redis-options.ts";
import { pingIntervalMs, startPulse } from "./redis-pulse.ts";
import { createShardedSubscriptions, createSingleSubscriptions } from "./redis-subscriptions.ts";

export interface RedisBusOptions {
  readonly redis: RedisOptionsUnion;
  /** Publishes under way at which the next one rejects; default 4,096. */
  readonly inFlightMax?: number;
  /** Bytes under way at which the next publish rejects; default 64 MiB. */
  readonly inFlightBytesMax?: number;
}

const payloadBytesMax = 8 * 1024 * 1024;
/** How long a first connection or a subscription may take before the call rejects, ms. */
const patienceMs = 5_000;

/**
 * Pub/sub over Redis: PUBLISH on a single server or Sentinel's master, SPUBLISH in a Cluster, where a topic lives on
 * the master of its slot only. Two connections (in a Cluster: a pool and one a master with topics).
 *
 * `isUp` means: every connection answered its last ping and every subscription is confirmed by the server that serves
 * it now. While not, publishes are still tried as far as their own connection lives. A publish before the
 * first connection waits for it, up to 5 s; after that it rejects at once while the connection is down. One that timed
 * out (1 s) may still arrive. **Bounds**: `inFlightMax` and `inFlightBytesMax` reject with BusError.
 */
export function createRedisBus(options: RedisBusOptions): Bus {
  const { redis, inFlightMax = 4_096, inFlightBytesMax = 64 * 1024 * 1024 } = options;
  type Entry = { readonly handler: (payload: Uint8Array) => void };
  const handlers = new Map<string, Set<Entry>>();
  /** Topics that were confirmed once: one that is being subscribed for the first time does not take the bus down. */
  const established = new Set<string>();
  const listeners = new Set<(isUp: boolean) => void>();
  const waiters = new Set<() => void>();
  let inFlight = 0;
  let inFlightBytes = 0;
  let wasUp = false;
  let wasEverReady = false;
  let isClosed = false;

  const publisher = connectCommands(redis);
  const pulse = startPulse(publisher);
  const events = { onMessage: deliver, onChange: review };
  const subscriptions =
    redis.kind === "cluster"
      ? createShardedSubscriptions(redis, publisher, events)
      : createSingleSubscriptions(redis, events);
  pulse.onChange((isUp) => {
    wasEverReady ||= isUp;
    subscriptions.tend();
    review();
  });
  const timer = setInterval(() => subscriptions.tend(), pingIntervalMs);
  timer.unref();

  function deliver(topic: string, payload: Uint8Array): void {
    const entries = handlers.get(topic);
    if (entries === undefined) return;
    // A copy: a handler may close its subscription or add one.
    for (const entry of [...entries]) if (entries.has(entry)) entry.handler(payload);
  }

  function isWhole(): boolean {
    if (isClosed || !pulse.isUp) return false;
    for (const topic of established) if (!subscriptions.isConfirmed(topic)) return false;
    return true;
  }

  /** Whatever changed: wake those who wait for it, and tell of "up" only once everything is confirmed. */
  function review(): void {
    for (const wake of [...waiters]) wake();
    const isUp = isWhole();
    if (isUp === wasUp) return;
    wasUp = isUp;
    for (const listener of [...listeners]) listener(isUp);
  }

  async function waitFor(isReady: () => boolean, what: string): Promise<void> {
    if (isReady()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const late = setTimeout(() => reject(new BusError(`${what} took longer than ${patienceMs} ms.`)), patienceMs);
    const wake = () => {
      if (isClosed) reject(new BusError("The bus is closed."));
      else if (isReady()) resolve();
    };
    waiters.add(wake);
    try {
      await promise;
    } finally {
      waiters.delete(wake);
      clearTimeout(late);
    }
  }

  async function send(topic: string, payload: Uint8Array): Promise<number> {
    // A view, not a copy: ioredis takes Buffers.
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    try {
      return Number(
        await (redis.kind === "cluster" ? publisher.spublish(topic, bytes) : publisher.publish(topic, bytes)),
      );
    } catch (error) {
      throw new BusError("Redis did not take the publish.", { cause: error });
    }
  }

  return {
    get isUp() {
      return wasUp;
    },
    async publish(topic, payload) {
      if (isClosed) throw new BusError("The bus is closed.");
      if (payload.byteLength > payloadBytesMax) throw new BusError("The payload is larger than 8 MiB.");
      if (inFlight >= inFlightMax || inFlightBytes + payload.byteLength > inFlightBytesMax) {
        throw new BusError("Too many publishes are under way.");
      }
      inFlight += 1;
      inFlightBytes += payload.byteLength;
      try {
        if (!wasEverReady) await waitFor(() => wasEverReady, "The first connection to Redis");
        return await send(topic, payload);
      } finally {
        inFlight -= 1;
        inFlightBytes -= payload.byteLength;
      }
    },
    async subscribe(topic, handler): Promise<BusSubscription> {
      if (isClosed) throw new BusError("The bus is closed.");
      const entry: Entry = { handler };
      const entries = handlers.get(topic) ?? new Set();
      const isFirst = entries.size === 0;
      handlers.set(topic, entries.add(entry));
      const close = async () => {
        if (!entries.delete(entry) || entries.size > 0 || handlers.get(topic) !== entries) return;
        handlers.delete(topic);
        established.delete(topic);
        subscriptions.remove(topic);
        review();
      };
      if (isFirst) subscriptions.add(topic);
      try {
        await waitFor(() => subscriptions.isConfirmed(topic), `The subscription to ${topic}`);
        if (handlers.has(topic)) established.add(topic);
      } catch (error) {
        await close();
        throw error;
      }
      review();
      return { close };
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      clearInterval(timer);
      listeners.clear();
      handlers.clear();
      subscriptions.close();
      pulse.stop();
      review();
    },
  };
}
