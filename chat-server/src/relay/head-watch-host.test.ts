import { createTestTelemetry } from "@parley/telemetry/testing";
import { expect, onTestFinished, test } from "vitest";
import { ChannelFold } from "../channel/fold.ts";
import { type Clock, systemClock } from "../clock.ts";
import { HeadWatchHost } from "./head-watch-host.ts";
import { RelayChannel } from "./relay-channel.ts";
import type { RelayRecord } from "./relay-host.ts";

function followed(channel: string): RelayRecord {
  const start = { head: 4, ordinal: 4, time: 0, fold: new ChannelFold() };
  const nothing = () => undefined;
  const effects = { deliver: nothing, read: nothing, sessionsOf: () => [], track: nothing, untrack: nothing };
  const relay: RelayRecord["relay"] = new RelayChannel(channel, start, effects);
  const times = { heardAt: 0, checkedAt: 1 };
  return {
    channel,
    ready: Promise.resolve(relay),
    relay,
    heard: 0,
    holders: 1,
    groups: undefined,
    waiters: [],
    ...times,
  };
}

test("after the bus came back all channels are compared for some ticks more, then only those that are due", async () => {
  let isUp = true;
  let now = 1_000;
  let tick: () => void = () => undefined;
  const clock: Clock = {
    ...systemClock,
    now: () => now,
    every: (_ms, run) => {
      tick = run;
      return () => undefined;
    },
  };
  const asked: string[][] = [];
  const watch = new HeadWatchHost({
    clock,
    store: {
      findGrown: async (cursors) => {
        asked.push([...cursors.keys()]);
        return [];
      },
    },
    relays: { all: () => [followed("c1")], hear: () => undefined },
    telemetry: createTestTelemetry(),
    isBusUp: () => isUp,
  });
  onTestFinished(() => watch.close());
  const ticks = async (count: number): Promise<number> => {
    const before = asked.length;
    for (let n = 0; n < count; n++) {
      now += 1_000;
      tick();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return asked.length - before;
  };
  expect(await ticks(3)).toBe(0);
  isUp = false;
  expect(await ticks(3)).toBe(3);
  isUp = true;
  expect(await ticks(10)).toBe(5);
});
