import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bus, BusError } from "./bus.ts";

/** One bus fabric: several nodes connect to it, and it can be taken away. */
export interface BusFabric {
  /** One node's bus; may be the same object each time where all nodes share it. */
  connect(): Bus;
  /** Takes the server away, with all that it knew. */
  takeAway(): Promise<void>;
  /** Brings it back, empty. */
  bringBack(): Promise<void>;
  close(): Promise<void>;
}

/** Waits until the condition holds; the test's own time limit ends a wait in vain. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

let topicCount = 0;
function newTopic(): string {
  topicCount += 1;
  return `contract-${process.pid}-${topicCount}`;
}
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (payload: Uint8Array): string => new TextDecoder().decode(payload);

/** The rules of {@link Bus} that every implementation keeps. */
export function busContract(name: string, factory: () => Promise<BusFabric>): void {
  describe(`bus contract: ${name}`, { timeout: 60_000 }, () => {
    let fabric: BusFabric;
    let ada: Bus;
    let ben: Bus;

    beforeAll(async () => {
      fabric = await factory();
      ada = fabric.connect();
      ben = fabric.connect();
    }, 60_000);
    afterAll(async () => {
      await ada.close();
      await ben.close();
      await fabric.close();
    }, 60_000);

    test("a payload reaches every subscriber of its topic, byte for byte, and nobody else", async () => {
      const [topic, other] = [newTopic(), newTopic()];
      const seen: string[] = [];
      const binary = Uint8Array.from({ length: 256 }, (_, index) => index);
      const subscriptions = [
        await ada.subscribe(topic, (payload) => seen.push(`ada ${Buffer.from(payload).toString("hex")}`)),
        await ben.subscribe(topic, (payload) => seen.push(`ben ${Buffer.from(payload).toString("hex")}`)),
        await ben.subscribe(other, () => seen.push("other")),
      ];
      // A view into a larger buffer: only the view may travel.
      const larger = new Uint8Array(300);
      larger.set(binary, 20);
      expect(await ada.publish(topic, larger.subarray(20, 276))).toBeGreaterThan(0);
      await until(() => seen.length >= 2);
      expect(seen.sort()).toEqual(["ada", "ben"].map((who) => `${who} ${Buffer.from(binary).toString("hex")}`));
      for (const subscription of subscriptions) await subscription.close();
    });

    test("delivery is asynchronous: never inside the call of publish", async () => {
      const topic = newTopic();
      let isInside = true;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const subscription = await ada.subscribe(topic, () => resolve(isInside));
      const published = ada.publish(topic, bytes("x"));
      isInside = false;
      await published;
      expect(await promise).toBe(false);
      await subscription.close();
    });

    test("messages of one publisher on one topic arrive in the order published", async () => {
      const topic = newTopic();
      const seen: number[] = [];
      const subscription = await ben.subscribe(topic, (payload) => seen.push(Number(text(payload))));
      const numbers = Array.from({ length: 1_000 }, (_, index) => index);
      await Promise.all(numbers.map((number) => ada.publish(topic, bytes(String(number)))));
      await until(() => seen.length >= numbers.length);
      expect(seen).toEqual(numbers);
      await subscription.close();
    });

    test("publishing to a topic that nobody subscribed to resolves to 0", async () => {
      expect(await ada.publish(newTopic(), bytes("x"))).toBe(0);
    });

    test("a closed subscription gets nothing more, closing twice does nothing, others on the topic go on", async () => {
      const topic = newTopic();
      const closed: string[] = [];
      const open: string[] = [];
      const first = await ada.subscribe(topic, (payload) => closed.push(text(payload)));
      const second = await ada.subscribe(topic, (payload) => open.push(text(payload)));
      await first.close();
      await first.close();
      await ben.publish(topic, bytes("after"));
      await until(() => open.length === 1);
      expect(closed).toEqual([]);
      await second.close();
      await until(async () => (await ben.publish(topic, bytes("nobody"))) === 0);
      expect(open).toEqual(["after"]);
    });

    test("a payload of 8 MiB and an empty one pass, one byte more is refused", async () => {
      const topic = newTopic();
      const sizes: number[] = [];
      const subscription = await ben.subscribe(topic, (payload) => sizes.push(payload.byteLength));
      await ada.publish(topic, new Uint8Array(8 * 1024 * 1024));
      await ada.publish(topic, new Uint8Array(0));
      await until(() => sizes.length === 2);
      expect(sizes).toEqual([8 * 1024 * 1024, 0]);
      await expect(ada.publish(topic, new Uint8Array(8 * 1024 * 1024 + 1))).rejects.toThrow(BusError);
      await subscription.close();
    });

    test("subscribing to more topics does not take the bus down in between", async () => {
      await until(() => ben.isUp);
      const changes: boolean[] = [];
      const stop = ben.onChange((isUp) => changes.push(isUp));
      const subscriptions = await Promise.all(
        Array.from({ length: 20 }, () => ben.subscribe(newTopic(), () => undefined)),
      );
      for (const subscription of subscriptions) await subscription.close();
      expect(changes).toEqual([]);
      stop();
    });

    test("while the bus is away a publish rejects; when 'up' is told, every subscription delivers again", async () => {
      const topics = [newTopic(), newTopic(), newTopic()];
      const seen = new Set<string>();
      const changes: boolean[] = [];
      for (const topic of topics) await ben.subscribe(topic, (payload) => seen.add(text(payload)));
      await until(() => ada.isUp && ben.isUp);
      const stop = ben.onChange((isUp) => changes.push(isUp));
      await fabric.takeAway();
      await until(() => !ada.isUp && !ben.isUp);
      await expect(ada.publish(topics[0] ?? "", bytes("lost"))).rejects.toThrow(BusError);
      expect(changes.at(-1)).toBe(false);

      await fabric.bringBack();
      await until(() => ada.isUp && ben.isUp);
      expect(changes.at(-1)).toBe(true);
      // Confirmed means confirmed: the very first publish after "up" is handed to the subscriber.
      for (const topic of topics) expect(await ada.publish(topic, bytes(`to ${topic}`))).toBeGreaterThan(0);
      await until(() => seen.size === topics.length);
      stop();
    });

    test("a closed bus rejects", async () => {
      const bus = fabric.connect();
      if (bus === ada) return;
      await bus.close();
      await bus.close();
      expect(bus.isUp).toBe(false);
      await expect(bus.publish(newTopic(), bytes("x"))).rejects.toThrow(BusError);
      await expect(bus.subscribe(newTopic(), () => undefined)).rejects.toThrow(BusError);
    });
  });
}
