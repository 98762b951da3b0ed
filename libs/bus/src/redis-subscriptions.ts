import calculateSlot from "cluster-key-slot";
import { Cluster } from "ioredis";
import { connectNode, connectSingle, type RedisClient } from "./redis-client.ts";
import type { RedisEndpoint, RedisOptionsUnion } from "./redis-options.ts";
import { createSubscriber, type RedisSubscriber, type SubscriberEvents } from "./redis-subscriber.ts";

/** All topics of one process, each on the connection where its messages come in. */
export interface RedisSubscriptions {
  add(topic: string): void;
  remove(topic: string): void;
  /** The server that now serves the topic has confirmed it. */
  isConfirmed(topic: string): boolean;
  /** Follows the topology and asks again for what is not confirmed; to be called every second. */
  tend(): void;
  close(): void;
}

/** Standalone and Sentinel: one connection. */
export function createSingleSubscriptions(
  options: Exclude<RedisOptionsUnion, { kind: "cluster" }>,
  events: SubscriberEvents,
): RedisSubscriptions {
  const subscriber = createSubscriber(connectSingle(options), false, events);
  const topics = new Set<string>();
  return {
    add(topic) {
      topics.add(topic);
      subscriber.add(topic);
    },
    remove(topic) {
      topics.delete(topic);
      subscriber.remove(topic);
    },
    isConfirmed: (topic) => subscriber.isConfirmed(topic),
    tend() {
      for (const topic of topics) if (!subscriber.isConfirmed(topic)) subscriber.add(topic);
    },
    close: () => subscriber.close(),
  };
}

/**
 * Cluster: sharded pub/sub, a connection to each master that holds the slot of a topic. When a slot moves (failover,
 * resharding), its topics move with it, and are unconfirmed until the new master has said yes.
 */
export function createShardedSubscriptions(
  options: Extract<RedisOptionsUnion, { kind: "cluster" }>,
  commands: RedisClient,
  events: SubscriberEvents,
): RedisSubscriptions {
  const subscribers = new Map<string, RedisSubscriber>();
  const places = new Map<string, string | undefined>();

  function locate(topic: string): string | undefined {
    return commands instanceof Cluster ? commands.slots[calculateSlot(topic)]?.[0] : undefined;
  }

  function settle(topic: string): void {
    const before = places.get(topic);
    const now = locate(topic) ?? before;
    if (before !== undefined && before !== now) subscribers.get(before)?.remove(topic);
    places.set(topic, now);
    if (now === undefined) return;
    let subscriber = subscribers.get(now);
    if (subscriber === undefined) {
      subscriber = createSubscriber(connectNode(options, parseNodeKey(now)), true, events);
      subscribers.set(now, subscriber);
    }
    if (!subscriber.isConfirmed(topic)) subscriber.add(topic);
  }

  function tend(): void {
    for (const topic of places.keys()) settle(topic);
    for (const [place, subscriber] of subscribers) {
      if (subscriber.size > 0) continue;
      subscribers.delete(place);
      subscriber.close();
    }
  }

  return {
    add: settle,
    remove(topic) {
      const place = places.get(topic);
      places.delete(topic);
      if (place !== undefined) subscribers.get(place)?.remove(topic);
    },
    isConfirmed(topic) {
      const place = places.get(topic);
      return place !== undefined && subscribers.get(place)?.isConfirmed(topic) === true;
    },
    tend,
    close() {
      for (const subscriber of subscribers.values()) subscriber.close();
      subscribers.clear();
      places.clear();
    },
  };
}

function parseNodeKey(key: string): RedisEndpoint {
  const colon = key.lastIndexOf(":");
  return { host: key.slice(0, colon), port: Number(key.slice(colon + 1)) };
}
