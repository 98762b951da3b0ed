import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { createRandom } from "../random.ts";
import { eventually, openPeer, type Peer, type PeerServer, startPeers } from "./peer-fixture.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

interface Scene {
  readonly proxy: TcpProxy;
  readonly target: PeerServer;
  /** A client, and the target's end of its connection. */
  join(): Promise<{ client: Peer; server: Peer }>;
}

async function createScene(seed = 1): Promise<Scene> {
  const target = await startPeers();
  const proxy = await startTcpProxy({ target, seed });
  onTestFinished(() => proxy.close());
  let joined = 0;
  return {
    proxy,
    target,
    async join() {
      const client = openPeer(proxy);
      await eventually(() => target.peers.length).toBe(joined + 1);
      joined += 1;
      const server = target.peers.at(-1);
      if (server === undefined) throw new Error("nobody came");
      return { client, server };
    },
  };
}

describe("a proxy without faults", () => {
  test("hands on every byte in order, both ways, and each end by itself", async () => {
    const { proxy, join } = await createScene();
    const { client, server } = await join();
    client.socket.end("to the server");
    await eventually(() => [server.text(), server.fate()]).toEqual(["to the server", "ended"]);
    server.socket.end("to the client");
    await eventually(() => [client.text(), client.fate()]).toEqual(["to the client", "ended"]);
    await eventually(() => proxy.connections).toBe(0);
    expect(proxy.counters).toEqual({ accepted: 1, refused: 0, cut: 0, bytesUp: 13, bytesDown: 13 });
  });

  test("hands on a reset as a reset, in either direction", async () => {
    const { join } = await createScene();
    const [one, two] = [await join(), await join()];
    one.client.socket.resetAndDestroy();
    two.server.socket.resetAndDestroy();
    await eventually(() => [one.server.fate(), two.client.fate()]).toEqual(["reset", "reset"]);
  });

  test("resets the client where the target is away, and finds it at a new address later", async () => {
    const { proxy, target } = await createScene();
    proxy.retarget({ host: "127.0.0.1", port: 1 });
    const early = openPeer(proxy);
    await eventually(() => early.fate()).toBe("reset");
    proxy.retarget(target);
    openPeer(proxy);
    await eventually(() => target.peers.length).toBe(1);
  });

  test("a reader that does not read holds the writer up, and nothing is lost", async () => {
    const { join } = await createScene();
    const { client, server } = await join();
    server.socket.pause();
    const chunk = Buffer.alloc(64 * 1024, "0123456789");
    for (let count = 0; count < 512; count += 1) client.socket.write(chunk);
    client.socket.end();
    // What the kernel's buffers take is its business; the rest must wait in the writer.
    const left = [client.socket.writableLength];
    await expect
      .poll(() => left.push(client.socket.writableLength) && left.at(-1) === left.at(-3), {
        timeout: 20_000,
        interval: 250,
      })
      .toBe(true);
    expect(left.at(-1)).toBeGreaterThan(256 * chunk.length);
    server.socket.resume();
    await eventually(() => server.fate()).toBe("ended");
    expect(hash(server.text())).toBe(hash(chunk.toString("latin1").repeat(512)));
  });
});

describe("delays", () => {
  test("latency holds the bytes back so long, and a change concerns those on their way", async () => {
    const { proxy, join } = await createScene();
    const { client, server } = await join();
    proxy.set({ up: { latencyMs: 60_000 } });
    client.socket.write("late");
    server.socket.write("at once");
    await eventually(() => client.text()).toBe("at once");
    expect(server.text()).toBe("");
    const sentAt = performance.now();
    proxy.set({ latencyMs: 200 });
    client.socket.write(", later");
    await eventually(() => server.text()).toBe("late, later");
    expect(performance.now() - sentAt).toBeGreaterThan(190);
  });

  test("jitter holds each chunk back by a draw of its own", async () => {
    const { proxy, join } = await createScene();
    const { client, server } = await join();
    proxy.set({ up: { jitterMs: 60_000 } });
    client.socket.write("late");
    server.socket.write("at once");
    await eventually(() => client.text()).toBe("at once");
    expect(server.text()).toBe("");
    proxy.heal();
    await eventually(() => server.text()).toBe("late");
  });

  test("jitter never lets chunks overtake each other, nor the end", async () => {
    const { proxy, join } = await createScene();
    proxy.set({ latencyMs: 1, jitterMs: 30 });
    const { client, server } = await join();
    const words = Array.from({ length: 40 }, (_, index) => `${index} `);
    for (const word of words) {
      client.socket.write(word);
      await pause(2);
    }
    client.socket.end();
    await eventually(() => server.fate()).toBe("ended");
    expect(server.text()).toBe(words.join(""));
  });

  test("a rate bounds the bytes of each connection and direction in any window", async () => {
    const { proxy, join } = await createScene();
    const bytesPerS = 20_000;
    proxy.set({ down: { bytesPerS } });
    const pairs = [await join(), await join()];
    const beganAt = performance.now();
    for (const { server } of pairs) server.socket.write(Buffer.alloc(10_000));
    await eventually(() => Math.min(...pairs.map(({ client }) => client.text().length))).toBeGreaterThan(4_000);
    for (const { client } of pairs) {
      const length = client.text().length;
      // Read after the length, so that the window is no shorter than what it took.
      const windowS = (performance.now() - beganAt) / 1_000;
      expect(length).toBeLessThanOrEqual(bytesPerS * (windowS + 0.05));
    }
    // No rate for the other direction, and none for this one any more.
    pairs[0]?.client.socket.write(Buffer.alloc(100_000));
    await eventually(() => pairs[0]?.server.text().length).toBe(100_000);
    proxy.set({ bytesPerS: null });
    await eventually(() => pairs.map(({ client }) => client.text().length)).toEqual([10_000, 10_000]);
  });

  test("one byte a second is possible", async () => {
    const { proxy, join } = await createScene();
    proxy.set({ down: { bytesPerS: 1 } });
    const { client, server } = await join();
    server.socket.write("abc");
    await eventually(() => client.text()).toBe("a");
  });

  test("a paused direction holds bytes and end until it goes on; the other one works", async () => {
    const { proxy, join } = await createScene();
    const { client, server } = await join();
    proxy.set({ down: { isPaused: true } });
    server.socket.end("held");
    client.socket.write("passes");
    await eventually(() => server.text()).toBe("passes");
    expect([client.text(), client.fate()]).toEqual(["", "open"]);
    proxy.set({ down: { isPaused: false } });
    await eventually(() => [client.text(), client.fate()]).toEqual(["held", "ended"]);
  });
});

describe("cuts", () => {
  test("a cut is a reset for both sides, of the share that the seed draws", async () => {
    const drawn = await Promise.all([7, 7, 8].map((seed) => drawCuts(seed)));
    for (const fates of drawn) {
      expect(fates.filter((fate) => fate === "reset").length).toBeGreaterThan(5);
      expect(fates.filter((fate) => fate === "open").length).toBeGreaterThan(5);
    }
    expect(drawn[0]).toEqual(drawn[1]);
    expect(drawn[0]).not.toEqual(drawn[2]);
  });

  test("refusing resets new connections and leaves present ones alone", async () => {
    const { proxy, target, join } = await createScene();
    const { client, server } = await join();
    proxy.set({ refuses: true });
    const refused = openPeer(proxy);
    await eventually(() => refused.fate()).toBe("reset");
    client.socket.write("still here");
    await eventually(() => server.text()).toBe("still here");
    expect(target.peers.length).toBe(1);
    proxy.heal();
    await join();
    expect(proxy.counters).toMatchObject({ accepted: 3, refused: 1, cut: 0 });
  });

  test("of half-open connections neither side hears anything, an end or a reset included; new ones work", async () => {
    const { proxy, join } = await createScene();
    const [ended, reset, kept] = [await join(), await join(), await join()];
    proxy.set({ halfOpen: true });
    ended.client.socket.end("last words");
    reset.client.socket.resetAndDestroy();
    kept.client.socket.write("up");
    kept.server.socket.write("down");
    const later = await join();
    later.client.socket.write("new");
    await eventually(() => later.server.text()).toBe("new");
    await pause(100);
    for (const { server } of [ended, reset, kept]) expect([server.text(), server.fate()]).toEqual(["", "open"]);
    expect([kept.client.text(), kept.client.fate()]).toEqual(["", "open"]);

    proxy.set({ halfOpen: false });
    await eventually(() => [ended.server.text(), ended.server.fate()]).toEqual(["last words", "ended"]);
    await eventually(() => reset.server.fate()).toBe("reset");
    await eventually(() => [kept.server.text(), kept.client.text()]).toEqual(["up", "down"]);
  });

  test("a black hole takes connections and bytes and answers nothing; when it ends, all in it are cut", async () => {
    const { proxy, target, join } = await createScene();
    const { client, server } = await join();
    proxy.set({ blackHole: true });
    const lost = openPeer(proxy);
    await eventually(() => proxy.connections).toBe(2);
    for (const { socket } of [client, lost]) socket.write("hello?");
    server.socket.end("hello?");
    await pause(100);
    for (const { text, fate } of [client, server, lost]) expect([text(), fate()]).toEqual(["", "open"]);
    expect(target.peers.length).toBe(1);
    proxy.set({ blackHole: false });
    await eventually(() => [client, server, lost].map(({ fate }) => fate())).toEqual(["reset", "reset", "reset"]);
    await eventually(() => proxy.connections).toBe(0);
    await join();
  });

  test("a share of connections may be concerned, and the others not", async () => {
    const { proxy, join } = await createScene();
    const pairs: { client: Peer; server: Peer }[] = [];
    while (pairs.length < 20) pairs.push(await join());
    proxy.set({ isPaused: true, share: 0.5 });
    for (const { client } of pairs) client.socket.write("x");
    const through = (): number => pairs.filter(({ server }) => server.text() === "x").length;
    await eventually(through).toBeGreaterThan(4);
    await pause(50);
    expect(through()).toBeLessThan(16);
    proxy.heal();
    await eventually(through).toBe(20);
  });
});

test("closing resets what is left, and a second call waits for the same end", async () => {
  const { proxy, join } = await createScene();
  const { client, server } = await join();
  const closing = proxy.close();
  await Promise.all([closing, proxy.close()]);
  await eventually(() => [client.fate(), server.fate()]).toEqual(["reset", "reset"]);
});

async function drawCuts(seed: number): Promise<string[]> {
  const { proxy, join } = await createScene(seed);
  const clients: Peer[] = [];
  for (let index = 0; index < 24; index += 1) clients.push((await join()).client);
  const count = proxy.cut({ share: 0.5 });
  await eventually(() => clients.filter(({ fate }) => fate() === "reset").length).toBe(count);
  return clients.map(({ fate }) => fate());
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

test("random faults never reorder, lose or repeat a byte of a connection that lives", async () => {
  const { proxy, join } = await createScene();
  const random = createRandom(5);
  const { client, server } = await join();
  let sent = "";
  for (let step = 0; step < 60; step += 1) {
    const word = `${step}:${"x".repeat(random.integer(0, 3_000))};`;
    sent += word;
    client.socket.write(word);
    const direction = { latencyMs: random.integer(0, 15), jitterMs: random.integer(0, 15) };
    const bytesPerS = random.chance(0.5) ? null : random.integer(50_000, 500_000);
    proxy.set({ up: { ...direction, bytesPerS, isPaused: random.chance(0.2) }, halfOpen: random.chance(0.2) });
    await pause(random.integer(0, 5));
  }
  proxy.heal();
  client.socket.end();
  await eventually(() => server.fate()).toBe("ended");
  expect(hash(server.text())).toBe(hash(sent));
});
