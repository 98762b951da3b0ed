import { createRedisBus } from "@parley/bus";
import { requireServer } from "@parley/servers/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { eventually, openPeer } from "./peer-fixture.ts";
import { type RedisProxy, startRedisProxy } from "./redis-proxy.ts";

const redis = await requireServer("redis");

describe.skipIf(redis === undefined)("a proxy before Redis", () => {
  const url = redis?.url ?? "";
  const count = 300;

  /** A subscriber by way of the proxy, and a publisher that goes past it. */
  async function createScene(topic: string, seed = 1) {
    const proxy = await startRedisProxy({ url, seed });
    onTestFinished(() => proxy.close());
    const bus = createRedisBus({ redis: { kind: "standalone", url: proxy.url } });
    onTestFinished(() => bus.close());
    const publisher = createRedisBus({ redis: { kind: "standalone", url } });
    onTestFinished(() => publisher.close());
    const seen: number[] = [];
    await bus.subscribe(topic, (payload) => seen.push(Number(new TextDecoder().decode(payload))));
    await eventually(() => bus.isUp && publisher.isUp).toBe(true);
    const publish = async (number: number): Promise<number> =>
      publisher.publish(topic, new TextEncoder().encode(String(number)));
    return { proxy, bus, seen, publish };
  }

  async function run(topic: string, seed: number, faults: Parameters<RedisProxy["setPush"]>[0]) {
    const scene = await createScene(topic, seed);
    scene.proxy.setPush(faults);
    for (let number = 0; number < count; number += 1) expect(await scene.publish(number)).toBe(1);
    scene.proxy.heal();
    // The last one is not lost, so that the end is known; what was late comes within its bound.
    await scene.publish(count);
    await eventually(() => scene.seen.includes(count)).toBe(true);
    const { dropped, doubled } = scene.proxy.pushCounters;
    await eventually(() => scene.seen.length).toBe(count + 1 - dropped + doubled);
    return scene;
  }

  test("without faults every message arrives once and in order", async () => {
    const { seen, proxy } = await run("plain", 1, {});
    expect(seen).toEqual(Array.from({ length: count + 1 }, (_, index) => index));
    expect(proxy.pushCounters).toMatchObject({ dropped: 0, doubled: 0, delayed: 0 });
  });

  test("a share is lost, and the same ones again from the same seed", async () => {
    const [one, two] = [await run("drop-1", 5, { drop: 0.1 }), await run("drop-2", 5, { drop: 0.1 })];
    expect(one.seen.length).toBeLessThan(count - 10);
    expect(one.seen.length).toBeGreaterThan(count - 70);
    expect(new Set(one.seen).size).toBe(one.seen.length);
    expect(one.seen).toEqual([...one.seen].sort((left, right) => left - right));
    expect(one.seen).toEqual(two.seen);
  });

  test("a share arrives twice", async () => {
    const { seen, proxy } = await run("double", 2, { double: 0.1 });
    expect(proxy.pushCounters.doubled).toBeGreaterThan(10);
    expect(new Set(seen).size).toBe(count + 1);
    expect(seen.length).toBe(count + 1 + proxy.pushCounters.doubled);
  });

  test("a share is overtaken by later ones, and nothing is lost", async () => {
    const { seen, proxy, publish } = await run("reorder", 3, { reorder: 0.2, reorderMs: 30 });
    expect(proxy.pushCounters.delayed).toBeGreaterThan(20);
    expect(seen.some((number, index) => number < (seen[index - 1] ?? 0))).toBe(true);
    expect(new Set(seen).size).toBe(count + 1);
    expect(seen.length).toBe(count + 1);
    proxy.setPush({ reorder: 1, reorderMs: 60_000 });
    await publish(count + 1);
    await eventually(() => proxy.pushCounters.pushes).toBe(count + 2);
    proxy.heal();
    await publish(count + 2);
    await eventually(() => seen.at(-1)).toBe(count + 2);
    expect(seen).not.toContain(count + 1);
  });

  test("commands, confirmations and pings are never touched", async () => {
    const { proxy, bus, seen, publish } = await createScene("everything-lost");
    proxy.setPush({ drop: 1 });
    const other: string[] = [];
    await bus.subscribe("other", (payload) => other.push(new TextDecoder().decode(payload)));
    for (let number = 0; number < 20; number += 1) await publish(number);
    expect(await bus.publish("other", new TextEncoder().encode("lost"))).toBe(1);
    await eventually(() => proxy.pushCounters.dropped).toBe(21);
    expect([seen, other, bus.isUp]).toEqual([[], [], true]);
  });

  test("a subscriber that speaks RESP3 has the same faults; a list that looks like a message is none", async () => {
    const { proxy, publish } = await createScene("resp3");
    const client = openPeer(proxy);
    proxy.setPush({ drop: 1 });
    client.socket.write("HELLO 3\r\nDEL list\r\nRPUSH list message a b\r\nLRANGE list 0 -1\r\n");
    await eventually(() => client.text()).toContain("$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n");
    client.socket.write("SUBSCRIBE resp3\r\n");
    await eventually(() => client.text()).toContain(">3\r\n$9\r\nsubscribe\r\n");
    proxy.setPush({ drop: 0, double: 1 });
    await publish(77);
    const push = ">3\r\n$7\r\nmessage\r\n$5\r\nresp3\r\n$2\r\n77\r\n";
    await eventually(() => client.text().split(push).length - 1).toBe(2);
    client.socket.write("PING after\r\n");
    await eventually(() => client.text()).toContain("after");
  });

  test("half-open: the client's own pings find it, and it comes back over a new connection", async () => {
    const { proxy, bus, seen, publish } = await createScene("half-open");
    const changes: boolean[] = [];
    bus.onChange((isUp) => changes.push(isUp));
    proxy.set({ halfOpen: true });
    await eventually(() => changes.includes(false) && bus.isUp).toBe(true);
    await publish(1);
    await eventually(() => seen).toEqual([1]);
  });
});
