import { createMemoryBus } from "@parley/bus";
import type { Registry } from "@parley/cluster";
import type { LogEvent } from "@parley/store";
import { createTestTelemetry } from "@parley/telemetry/testing";
import { expect, onTestFinished, test } from "vitest";
import { type Clock, systemClock } from "../clock.ts";
import type { PeerMessage } from "../peer/messages.ts";
import { Peers } from "../peer/peers.ts";
import { Homes } from "./homes.ts";
import { Publisher } from "./publisher.ts";

const channel = "c1";
const nothing = (): void => undefined;

/** A home, alone in its own view, and another server that hears what the home sends to those who are interested. */
async function homeAndOther() {
  let now = 1_000_000;
  const clock: Clock = { ...systemClock, now: () => now };
  const registry: Registry = {
    view: () => ({ version: 1, nodes: [], isComplete: true }),
    onView: () => nothing,
    join: () => Promise.reject(new Error("nobody joins here")),
    askDrain: async () => undefined,
    close: async () => undefined,
  };
  const bus = createMemoryBus();
  onTestFinished(() => bus.close());
  const telemetry = createTestTelemetry();
  const heard: PeerMessage[] = [];
  const peers = new Peers({ clock: systemClock, bus, self: "chat-1", telemetry, handler: nothing });
  const handler = (_from: string, message: PeerMessage): void => void heard.push(message);
  const other = new Peers({ clock: systemClock, bus, self: "chat-2", telemetry, handler });
  await Promise.all([peers.open(), other.open()]);
  const publisher = new Publisher({
    clock,
    homes: new Homes("chat-1", registry, () => 0),
    peers,
    deliverHere: nothing,
    joinedHere: nothing,
    onPublished: nothing,
    onJoinTold: nothing,
  });
  return {
    publisher,
    later: (ms: number) => {
      now += ms;
    },
    hears: async (head: number): Promise<boolean> => {
      publisher.tellHeads(new Map([[channel, head]]));
      peers.send("chat-2", { type: "uninterest", channels: [`end-${head}`] });
      await expect
        .poll(() => heard.some((one) => one.type === "uninterest" && one.channels[0] === `end-${head}`))
        .toBe(true);
      return heard.some((one) => one.type === "heads" && one.heads[0]?.[1] === head);
    },
  };
}

test("the interest of a server whose lease has gone is forgotten", async () => {
  const { publisher, later, hears } = await homeAndOther();
  publisher.addInterest("chat-2", [channel]);
  later(20_000);
  expect(await hears(1)).toBe(true);
  publisher.keepOnly(new Set(["chat-1"]));
  expect(await hears(2)).toBe(false);
});

// Found by row 4 of `npm run prove`: all chat servers stood still for as long as a lease, and took their leases anew.
test("an interest told just now outlives a view that is older than it", async () => {
  const { publisher, later, hears } = await homeAndOther();
  publisher.addInterest("chat-2", [channel]);
  later(20_000);
  // It has taken its lease anew and says so before we see that it had lost it.
  publisher.addInterest("chat-2", [channel]);
  later(200);
  publisher.keepOnly(new Set(["chat-1"]));
  expect(await hears(1)).toBe(true);
  publisher.keepOnly(new Set(["chat-1", "chat-2"]));
  expect(await hears(2)).toBe(true);
  later(20_000);
  publisher.keepOnly(new Set(["chat-1"]));
  expect(await hears(3)).toBe(false);
});

test("only what was published last, and to whom, counts as just told", async () => {
  const { publisher } = await homeAndOther();
  const event = (seq: number): LogEvent => ({
    channel,
    seq,
    sender: "ada",
    id: `r${seq}`,
    time: seq,
    ordinal: seq,
    control: 1,
    hash: "h",
    body: { kind: "message", text: "hi" },
  });
  publisher.settled(channel, [event(2)]);
  expect(publisher.hasJustTold("chat-2", channel, 2)).toBe(false);
  publisher.addInterest("chat-2", [channel]);
  publisher.settled(channel, [event(3), event(4)]);
  expect([2, 3, 4, 5].map((seq) => publisher.hasJustTold("chat-2", channel, seq))).toEqual([false, true, true, false]);
  expect(publisher.hasJustTold("chat-3", channel, 3)).toBe(false);
  expect(publisher.hasJustTold("chat-2", "other", 3)).toBe(false);
});
