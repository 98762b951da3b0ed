import { type Bus, BusError, createMemoryBus } from "@parley/bus";
import { createMemoryCluster } from "@parley/cluster";
import { createRing } from "@parley/ring";
import { openMemoryStore } from "@parley/store/testing";
import { createTestTelemetry } from "@parley/telemetry/testing";
import { expect, onTestFinished, test } from "vitest";
import { systemClock as clock } from "../clock.ts";
import { unpackMessage } from "../peer/codec.ts";
import type { PeerMessage } from "../peer/messages.ts";
import { Peers } from "../peer/peers.ts";
import { AppendHost, appendTimes } from "./append-host.ts";
import { contentHash } from "./content-hash.ts";
import { Homes } from "./homes.ts";
import { LogHost } from "./log-host.ts";
import type { Answer, AppendRequest, Wish } from "./request.ts";

/** Three servers of which only the first is real, and a channel whose home is the second. */
async function threeServers(
  publish: (to: string, message: PeerMessage) => number,
  times = { forwardAgainMs: 20, appendSelfMs: 60, appendSelfBesideMs: 300, giveUpMs: 4_000 },
  hasJustTold = (): boolean => false,
) {
  const cluster = createMemoryCluster();
  const telemetry = createTestTelemetry("chat-1", "chat-server");
  const base = { role: "chat-server", address: "", weight: 1, state: "up" } as const;
  const load = { sessions: 0, eventLoopDelayMs: 0, cpu: 0 };
  for (const node of ["chat-1", "chat-2", "chat-3"])
    await cluster.registry.join({ ...base, node, process: node, load });
  const homes = new Homes("chat-1", cluster.registry, () => clock.now());
  const nextOf = (channel: string): string | undefined => {
    const walk = createRing(cluster.registry.view().nodes).walk(`channel:${channel}`);
    return [...walk].map(({ node }) => node).find((node) => node !== "chat-2");
  };
  const channel = Array.from({ length: 200 }, (_, n) => `c${n}`).find(
    (one) => homes.homeOf(one) === "chat-2" && nextOf(one) === "chat-3",
  );
  if (channel === undefined) throw new Error("no channel with that walk");
  const bus = createMemoryBus();
  const scripted: Bus = {
    async publish(topic, payload) {
      const bytes = Buffer.from(payload);
      const from = bytes[0] ?? 0;
      const length = bytes.readUInt32BE(1 + from);
      return publish(topic.split(":").at(-1) ?? "", unpackMessage(bytes.subarray(5 + from, 5 + from + length)));
    },
    subscribe: (topic, handler) => bus.subscribe(topic, handler),
    isUp: true,
    onChange: (listener) => bus.onChange(listener),
    close: () => bus.close(),
  };
  const onNobody = (node: string): void => homes.noteAbsent(node);
  const peers = new Peers({ clock, bus: scripted, self: "chat-1", telemetry, handler: () => undefined, onNobody });
  const limits = { queueMax: 100, runMax: 10, membersMax: 10 };
  const logs = new LogHost({ clock, store: openMemoryStore(), limits, telemetry, onSettled: () => undefined });
  onTestFinished(async () => {
    logs.close();
    await cluster.close();
    await bus.close();
  });
  const appends = new AppendHost({
    clock,
    homes,
    logs,
    peers,
    telemetry,
    onAcked: () => undefined,
    hasJustTold,
    times,
  });
  const wish: Wish = { kind: "message", text: "hello" };
  const request: AppendRequest = { channel, sender: "bob", id: "b1", hash: contentHash("key", wish), wish };
  return { appends, homes, peers, request };
}

test("a refusal is unknown where the forward failed by taking too long: that copy may arrive yet", async () => {
  const { appends, request } = await threeServers(() => {
    throw new BusError("took too long");
  });
  const answer = await new Promise<Answer>((resolve) => appends.append(request, false, resolve));
  expect(answer).toMatchObject({ ok: false, code: "not_member", isUnknown: true });
});

test("after a publish that failed nothing is forwarded until one gets through, though the bus still calls itself up", async () => {
  let hangs = true;
  let publishes = 0;
  const { appends, peers, request } = await threeServers(() => {
    publishes += 1;
    if (hangs) throw new BusError("took too long");
    return 1;
  }, appendTimes);
  const append = (id: string) => new Promise<Answer>((resolve) => appends.append({ ...request, id }, false, resolve));
  await append("b1");
  expect(publishes).toBe(1);
  await append("b2");
  expect(publishes).toBe(1);
  hangs = false;
  peers.send("chat-2", { type: "heads", heads: [] });
  await expect.poll(() => peers.isUp).toBe(true);
  void append("b3");
  await expect.poll(() => publishes).toBe(3);
});

test("where nobody hears the home, the next server on the ring is asked, not the log taken over by whoever asks", async () => {
  const sent: string[] = [];
  const { appends, homes, request } = await threeServers((to, message) => {
    sent.push(to);
    if (to === "chat-2") return 0;
    if (message.type === "append") {
      const answer = { ok: true, seq: 7, time: 1, isDuplicate: false } as const;
      setTimeout(() => appends.onAnswer(message.call, answer), 1);
    }
    return 1;
  });
  const answer = await new Promise<Answer>((resolve) => appends.append(request, false, resolve));
  expect(answer).toMatchObject({ ok: true, seq: 7 });
  expect(sent).toEqual(["chat-2", "chat-3"]);
  homes.notePresent("chat-2");
  expect(homes.homeOf(request.channel)).toBe("chat-2");
});

test("a home that says it is at it is left alone for longer, not for ever", async () => {
  const startedAt = performance.now();
  let copies = 0;
  const { appends, request } = await threeServers((_to, message) => {
    if (message.type === "append" && copies++ > 0) setTimeout(() => appends.onPending(message.call), 1);
    return 1;
  });
  const answer = await new Promise<Answer>((resolve) => appends.append(request, false, resolve));
  // By our own hand, since a stranger is refused.
  expect(answer).toMatchObject({ ok: false, code: "not_member", isUnknown: true });
  expect(copies).toBeGreaterThan(6);
  expect(performance.now() - startedAt).toBeGreaterThan(290);
});

test.each([
  [false, [1, 2]],
  [true, [2]],
])(
  "a peer that was told of the event (%s) needs no answer beside it; a repeat is answered all the same",
  async (isTold, calls) => {
    const answered: number[] = [];
    const publish = (to: string, message: PeerMessage): number => {
      if (to === "chat-3" && message.type === "answer") answered.push(message.call);
      return 1;
    };
    const { appends, request } = await threeServers(publish, appendTimes, () => isTold);
    const wish: Wish = { kind: "create", channelKind: "group", members: ["ada"] };
    appends.onForwarded("chat-3", 1, { ...request, wish });
    // The same request by another call: its answer comes after the first one's, if there is one.
    await new Promise((resolve) => setTimeout(resolve, 50));
    appends.onForwarded("chat-3", 2, { ...request, wish });
    await expect.poll(() => answered).toEqual(calls);
  },
);
