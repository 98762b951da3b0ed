import type { Redis } from "ioredis";
import { startPulse } from "./redis-pulse.ts";

export interface RedisSubscriber {
  /** Asks for the topic; it is among `confirmed` once the server said yes, also again after each reconnect. */
  add(topic: string): void;
  remove(topic: string): void;
  isConfirmed(topic: string): boolean;
  readonly size: number;
  close(): void;
}

export interface SubscriberEvents {
  onMessage(topic: string, payload: Uint8Array): void;
  /** Something about the connection or what is confirmed on it has changed. */
  onChange(): void;
}

/**
 * One subscribing connection. ioredis would subscribe again by itself after a reconnect, but does not say when the
 * server has confirmed it; whoever reads a log's head before that can miss an event (rule 17). So it is done here.
 * `isSharded`: SSUBSCRIBE on the master that holds the topic's slot.
 */
export function createSubscriber(client: Redis, isSharded: boolean, events: SubscriberEvents): RedisSubscriber {
  const topics = new Set<string>();
  const confirmed = new Set<string>();
  const pulse = startPulse(client);

  function forget(): void {
    confirmed.clear();
    events.onChange();
  }

  async function ask(topic: string): Promise<void> {
    if (client.status !== "ready") return;
    try {
      await (isSharded ? client.ssubscribe(topic) : client.subscribe(topic));
      if (topics.has(topic) && client.status === "ready") confirmed.add(topic);
    } catch {
      // The topic stays unconfirmed; the next pulse, reconnect or look at the topology tries again.
    }
    events.onChange();
  }

  client.on(isSharded ? "smessageBuffer" : "messageBuffer", (topic: Buffer, payload: Buffer) => {
    events.onMessage(topic.toString(), payload);
  });
  client.on("close", forget);
  client.on("ready", () => {
    confirmed.clear();
    for (const topic of topics) void ask(topic);
  });
  pulse.onChange(() => events.onChange());

  return {
    add(topic) {
      topics.add(topic);
      if (!confirmed.has(topic)) void ask(topic);
    },
    remove(topic) {
      topics.delete(topic);
      if (!confirmed.delete(topic) || client.status !== "ready") return;
      // Best effort: a topic that nobody handles costs a little traffic, no more.
      (isSharded ? client.sunsubscribe(topic) : client.unsubscribe(topic)).catch(() => undefined);
    },
    isConfirmed: (topic) => pulse.isUp && confirmed.has(topic),
    get size() {
      return topics.size;
    },
    close() {
      topics.clear();
      confirmed.clear();
      pulse.stop();
    },
  };
}
