import { afterAll, describe, expect, test } from "vitest";
import { type Bus, BusError } from "./bus.ts";
import { busContract, until } from "./bus-contract.ts";
import { createRedisBus } from "./bus-redis.ts";
import { type RedisFabric, startClusterFabric, startSingleFabric } from "./redis-fabric.ts";
import { waitForRedis } from "./wait-for-redis.ts";

const fabrics: readonly (readonly [string, () => Promise<RedisFabric>])[] = [
  ["Redis", startSingleFabric],
  ["Redis Cluster of three masters", startClusterFabric],
];

for (const [name, start] of fabrics) {
  busContract(name, async () => {
    const fabric = await start();
    return { ...fabric, connect: () => createRedisBus({ redis: fabric.redis }) };
  });
}

describe.each(fabrics)("faults of %s", { timeout: 60_000 }, (_name, start) => {
  const fabricPromise = start();
  const open: Bus[] = [];
  const connect = async (options: { inFlightMax?: number } = {}) => {
    const bus = createRedisBus({ redis: (await fabricPromise).redis, ...options });
    open.push(bus);
    return bus;
  };
  afterAll(async () => {
    for (const bus of open) await bus.close();
    await (await fabricPromise).close();
  }, 30_000);

  /** Resolves when the bus has gone down and come up again, and a publish then reaches the subscriber at once. */
  async function survives(fault: (fabric: RedisFabric) => Promise<void>): Promise<void> {
    const fabric = await fabricPromise;
    const bus = await connect();
    const topics = ["a", "b", "c", "d"].map((letter) => `fault-${open.length}-${letter}`);
    const seen: string[] = [];
    const changes: boolean[] = [];
    for (const topic of topics) await bus.subscribe(topic, (payload) => seen.push(new TextDecoder().decode(payload)));
    await until(() => bus.isUp);
    bus.onChange((isUp) => changes.push(isUp));
    await fault(fabric);
    await until(() => changes.includes(false) && bus.isUp);
    for (const topic of topics) expect(await bus.publish(topic, new TextEncoder().encode(topic))).toBe(1);
    await until(() => topics.every((topic) => seen.includes(topic)));
  }

  test("killed pub/sub connections are told as down, and as up only when all is confirmed again", async () => {
    await survives(async (fabric) => void (await fabric.command("CLIENT", "KILL", "TYPE", "pubsub")));
  });

  test("pub/sub connections killed again and again", async () => {
    await survives(async (fabric) => {
      for (let kill = 0; kill < 8; kill += 1) {
        await fabric.command("CLIENT", "KILL", "TYPE", "pubsub");
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    });
  });

  test("a subscriber that the server cuts off for its full output buffer comes back", async () => {
    await survives(async (fabric) => {
      const bus = open.at(-1);
      await fabric.command("CONFIG", "SET", "client-output-buffer-limit", "pubsub 1mb 1mb 1");
      const topic = `overflow-${open.length}`;
      await bus?.subscribe(topic, () => undefined);
      await bus?.publish(topic, new Uint8Array(4 * 1024 * 1024));
      await until(() => bus?.isUp === false);
      await fabric.command("CONFIG", "SET", "client-output-buffer-limit", "pubsub 32mb 8mb 60");
    });
  });

  test("every connection killed at once", async () => {
    await survives(async (fabric) => {
      await fabric.command("CLIENT", "KILL", "TYPE", "pubsub");
      await fabric.command("CLIENT", "KILL", "TYPE", "normal");
    });
  });

  test("a server that stands still (half-open sockets) is found by pings, and publishes reject meanwhile", async () => {
    await survives(async (fabric) => {
      const bus = open.at(-1);
      fabric.stop();
      await until(() => bus?.isUp === false);
      await expect(bus?.publish("any", new Uint8Array(1))).rejects.toThrow(BusError);
      await fabric.resume();
    });
  });

  test("a server that is paused for longer than the ping's patience", async () => {
    await survives(async (fabric) => void (await fabric.command("CLIENT", "PAUSE", "5000", "ALL")));
  });

  test("publishes under way are bounded: over the bound one rejects at once, and the others are not harmed", async () => {
    const bus = await connect({ inFlightMax: 2 });
    await bus.subscribe("bounded", () => undefined);
    const first = bus.publish("bounded", new Uint8Array(1));
    const second = bus.publish("bounded", new Uint8Array(1));
    await expect(bus.publish("bounded", new Uint8Array(1))).rejects.toThrow(BusError);
    expect(await Promise.all([first, second])).toEqual([1, 1]);
    expect(await bus.publish("bounded", new Uint8Array(1))).toBe(1);
  });

  test("waiting for Redis at start says one line a second and ends when Redis answers", async () => {
    const fabric = await fabricPromise;
    const lines: string[] = [];
    fabric.stop();
    const waiting = waitForRedis(fabric.redis, (line) => lines.push(line));
    await until(() => lines.length >= 2);
    await fabric.resume();
    await waiting;
    expect(lines[0]).toMatch(/^Waiting for Redis .*127\.0\.0\.1:\d+.* \(1 s\)/);
  });
});
