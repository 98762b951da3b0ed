import type { ClientFrame, EventFrame } from "@parley/protocol";
import { afterEach, expect, test, vi } from "vitest";
import { createClient } from "./client.ts";
import { createMemoryStorage } from "./outbox-storage.ts";
import { createFastClock, createRandom, ScriptedServer, type Turn } from "./testing.ts";
import type { Client } from "./types.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** What may go wrong with a frame, and how often in a hundred. */
function badTurn(random: () => number, frame: ClientFrame): Turn {
  const at = random() * 100;
  if (at < 6) return "lose";
  if (at < 12) return "serve-unanswered";
  if (at < 20) return "serve-twice";
  if (at < 23) return "cut-before";
  if (at < 26) return "cut-after";
  if (at < 34) return { error: "unavailable", retryAfterMs: 50 };
  if (at < 37) return { error: "internal" };
  if (at < 39) return { error: "rate_limited", retryAfterMs: 100 };
  if (at < 41 && frame.type === "send") return { error: "not_member", unknown: true };
  return "serve";
}

/** More seeds by `PARLEY_CLIENT_SEEDS=1000`; each takes some 0.2 s. */
const seeds = Array.from({ length: Number(process.env["PARLEY_CLIENT_SEEDS"] ?? 16) }, (_, at) => 1_000 + at);

test.each(seeds)(
  "whatever a server drops, cuts and repeats, each request takes effect once and in order, and each event is handed over once and in order (seed %i)",
  {
    timeout: 60_000,
  },
  async (seed) => {
    const random = createRandom(seed);
    // At the higher speed time runs out before answers come: the SDK's own impatience is one more fault.
    const speed = seed % 2 === 0 ? 40 : 400;
    const server = await ScriptedServer.start();
    closers.push(() => server.close());
    const channels = ["red", "green", "blue"].map((name) => server.addChannel(name, ["ada", "bob"]));
    for (const channel of channels) channel.pageMax = 7;
    const sent = new Map<string, string[]>(channels.map(({ channel }) => [channel, []]));
    const seen = new Map<string, EventFrame[]>(channels.map(({ channel }) => [channel, []]));
    const storage = createMemoryStorage();
    const make = (cursors: Record<string, number>): Client => {
      const client = createClient({
        url: server.url,
        token: () => "ada",
        device: "phone",
        storage,
        cursors,
        random,
        clock: createFastClock(speed),
        limits: { bufferMax: 8, inFlightMax: 5, helloCursorsMax: 2 },
      });
      client.on("event", (event) => {
        seen.get(event.channel)?.push(event);
        // Every third handler takes its time, so that buffers fill.
        return event.seq % 3 === 0 ? new Promise((resolve) => setTimeout(resolve, random() * 4)) : undefined;
      });
      return client;
    };
    let client = make({ red: 0, green: 0, blue: 0 });
    closers.push(() => client.close());
    server.script = { turn: (frame) => badTurn(random, frame), holdsBack: () => random() < 0.2 };
    await client.connect();

    for (let step = 0; step < 150; step += 1) {
      const channel = channels[Math.floor(random() * channels.length)];
      if (channel === undefined) continue;
      const at = random();
      if (at < 0.6) {
        const text = `${seed}-${step}`;
        sent.get(channel.channel)?.push(text);
        client.send(channel.channel, { text });
      } else if (at < 0.9) channel.say("bob", `bob ${step}`);
      else if (at < 0.93) for (const session of server.sessions) session.cut();
      else if (at < 0.95) {
        // A restart: what was queued is in the storage, what was handled is in the cursors.
        await client.close();
        for (const [name, events] of seen) events.length = client.cursors()[name] ?? 0;
        client = make(client.cursors());
        void client.connect().catch(() => {});
      } else await new Promise((resolve) => setTimeout(resolve, 5));
    }
    // The faults end; nothing may be missing then, and nothing doubled.
    server.script = {};
    await vi.waitFor(() => expect(client.outbox()).toHaveLength(0), { timeout: 20_000 });
    for (const channel of channels) channel.say("bob", "the end");
    await vi.waitFor(
      () => {
        for (const { channel, head } of channels) expect(client.cursors()[channel]).toBe(head);
      },
      { timeout: 20_000 },
    );
    for (const { channel, log } of channels) {
      const own = log.filter((event) => event.sender === "ada");
      expect(own.map((event) => (event.kind === "message" ? event.text : ""))).toEqual(sent.get(channel));
      expect(seen.get(channel)?.map((event) => event.seq)).toEqual(log.map((event) => event.seq));
    }
  },
);

test("a device whose clock is set back by an hour sends again when it should", { timeout: 10_000 }, async () => {
  const fast = createFastClock(50);
  let offsetMs = 0;
  const server = await ScriptedServer.start();
  closers.push(() => server.close());
  const channel = server.addChannel("red", ["ada"]);
  const client = createClient({
    url: server.url,
    token: () => "ada",
    device: "phone",
    clock: { ...fast, now: () => fast.now() + offsetMs },
  });
  closers.push(() => client.close());
  await client.connect();
  let isFirst = true;
  const turn = (frame: ClientFrame): Turn => {
    if (frame.type !== "send" || !isFirst) return "serve";
    isFirst = false;
    // While the client waits until some moment of its clock.
    setTimeout(() => {
      offsetMs = -3_600_000;
    }, 50);
    return { error: "unavailable", retryAfterMs: 5_000 };
  };
  server.script = { turn };
  await client.send("red", { text: "hello" }).settled;
  expect(channel.texts()).toEqual(["hello"]);
  expect(offsetMs).toBeLessThan(0);
});
