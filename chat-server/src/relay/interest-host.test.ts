import { createMemoryBus } from "@parley/bus";
import type { ClusterView, NodeInfo, Registry } from "@parley/cluster";
import { createTestTelemetry } from "@parley/telemetry/testing";
import { expect, onTestFinished, test } from "vitest";
import { Homes } from "../channel/homes.ts";
import { systemClock as clock } from "../clock.ts";
import type { PeerMessage } from "../peer/messages.ts";
import { Peers } from "../peer/peers.ts";
import { InterestHost } from "./interest-host.ts";

/** What a registry of these chat servers, by node and epoch, would show. */
function viewOf(version: number, epochs: Readonly<Record<string, number>>): ClusterView {
  const load = { sessions: 0, eventLoopDelayMs: 0, cpu: 0 };
  const nodes = Object.entries(epochs).map(
    ([node, epoch]): NodeInfo => ({
      node,
      epoch,
      role: "chat-server",
      address: "",
      process: node,
      weight: 1,
      state: "up",
      load,
    }),
  );
  return { version, nodes, isComplete: true };
}

async function twoServers() {
  let view = viewOf(1, { "chat-1": 1, "chat-2": 1 });
  const registry: Registry = {
    view: () => view,
    onView: () => () => undefined,
    join: () => Promise.reject(new Error("nobody joins here")),
    askDrain: async () => undefined,
    close: async () => undefined,
  };
  const bus = createMemoryBus();
  const telemetry = createTestTelemetry();
  const heard: PeerMessage[] = [];
  const homes = new Homes("chat-1", registry, () => 0);
  const peers = new Peers({ clock, bus, self: "chat-1", telemetry, handler: () => undefined });
  const other = new Peers({ clock, bus, self: "chat-2", telemetry, handler: (_from, message) => heard.push(message) });
  await Promise.all([peers.open(), other.open()]);
  onTestFinished(() => bus.close());
  const channel = Array.from({ length: 50 }, (_one, index) => `c${index}`).find((one) => !homes.isHome(one)) ?? "";
  const late: string[] = [];
  const interest = new InterestHost(clock, homes, peers, (one) => late.push(one));
  onTestFinished(() => interest.close());
  return {
    channel,
    heard,
    interest,
    late,
    show: (next: ClusterView) => {
      view = next;
    },
  };
}

test("a home that died and was started anew under its old name is told of the interest again", async () => {
  const { channel, heard, interest, show } = await twoServers();
  void interest.declare(channel);
  await expect.poll(() => heard).toEqual([{ type: "interest", channels: [channel] }]);
  show(viewOf(2, { "chat-1": 1, "chat-2": 2 }));
  interest.redeclareMoved();
  await expect.poll(() => heard.length).toBe(2);
});

test("a change of the view that leaves a channel's home as it was says nothing", async () => {
  const { channel, heard, interest, show } = await twoServers();
  void interest.declare(channel);
  await expect.poll(() => heard.length).toBe(1);
  show(viewOf(2, { "chat-1": 2, "chat-2": 1 }));
  interest.redeclareMoved();
  interest.withdraw(channel);
  await expect.poll(() => heard.length).toBe(2);
  expect(heard.at(-1)).toEqual({ type: "uninterest", channels: [channel] });
});

test("an interest that nobody confirms is told again until its home does", async () => {
  const { channel, heard, interest } = await twoServers();
  void interest.declare(channel);
  await expect.poll(() => heard.length, { timeout: 5_000 }).toBe(2);
  interest.onConfirmed("chat-3", [channel]);
  await expect.poll(() => heard.length, { timeout: 5_000 }).toBe(3);
  interest.onConfirmed("chat-2", [channel]);
  const told = heard.length;
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(heard.length).toBe(told);
});

test("heads are compared once an interest is confirmed that was not waited for any more, or had moved", async () => {
  const { channel, interest, late, show } = await twoServers();
  const declared = interest.declare(channel);
  interest.onConfirmed("chat-2", [channel]);
  await declared;
  expect(late).toEqual([]);
  show(viewOf(2, { "chat-1": 1, "chat-2": 2 }));
  interest.redeclareMoved();
  interest.onConfirmed("chat-2", [channel]);
  expect(late).toEqual([channel]);
});
