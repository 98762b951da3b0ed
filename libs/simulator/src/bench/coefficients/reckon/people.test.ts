import { expect, test } from "vitest";
import type { Totals } from "../measure/look.ts";
import { mapTotals } from "../measure/window.ts";
import { type Held, reckonPeople } from "./people.ts";

const held = (gatewayMib: number, chatMib: number, redisBytes: number): Held => ({
  gateway: { residentMib: gatewayMib, usedMib: gatewayMib - 50 },
  chat: { residentMib: chatMib, usedMib: chatMib - 50 },
  redisBytes,
});
const totals = (values: Partial<Totals>): Totals => mapTotals((name) => values[name] ?? 0);

/** 1,000 connections more, then 100 people in 10 channels each: 500 channels of two, held 750 times by two servers. */
const found = reckonPeople({
  strangers: 1_000,
  friends: 100,
  channelsEach: 10,
  held: {
    first: held(100, 100, 1_000),
    strangers: held(104, 102, 601_000),
    without: held(104, 110, 650_000),
    with: held(105, 112, 700_000),
  },
  idle: {
    first: totals({ gatewayCpuMs: 10, chatCpuMs: 20, storeCpuMs: 1 }),
    strangers: totals({ gatewayCpuMs: 15, chatCpuMs: 20, storeCpuMs: 3 }),
    all: totals({ gatewayCpuMs: 15.5, chatCpuMs: 21, storeCpuMs: 3.7 }),
  },
  connects: {
    strangers: totals({ gatewayCpuMs: 0.8, chatCpuMs: 0.6, redisCpuMs: 0.1, storeCpuMs: 0.2 }),
    cold: totals({ gatewayCpuMs: 1, chatCpuMs: 8.6, redisCpuMs: 0.2, storeCpuMs: 4.2 }),
    warm: [
      totals({ gatewayCpuMs: 1, chatCpuMs: 1.6, redisCpuMs: 0.2, storeCpuMs: 0.4 }),
      totals({ gatewayCpuMs: 1, chatCpuMs: 1.8, redisCpuMs: 0.2, storeCpuMs: 0.4 }),
    ],
  },
});

test.each([
  ["gatewayConnectMs", 0.8],
  ["gatewayChannelMs", 0.02],
  ["chatConnectMs", 0.6],
  ["chatChannelMs", 0.11],
  ["chatColdChannelMs", 0.8],
  ["mongoChannelMs", 0.02],
  ["mongoColdChannelMs", 0.4],
  ["redisConnectMs", 0.1],
  ["gatewayIdleMs", 0.005],
  ["mongoIdleMs", 0.002],
  ["chatSweepMs", 0.04], // 1 ms/s of 25 heads/s
  ["mongoSweepMs", 0.02], // 0.7 less 0.2 of a hundred connections
  ["gatewayConnectionKib", 4.096],
  ["chatChannelKib", 1.843], // 2 MiB, less what a hundred connections hold in no channel
  ["redisConnectionBytes", 600],
] as const)("%s is %d", (name, value) => {
  expect(found[name]?.value).toBeCloseTo(value, 4);
});

test("a process that gave pages back meanwhile is not said to hold less for its people", () => {
  const first = held(100, 100, 0);
  const strangers = { ...held(100, 90, 0), chat: { residentMib: 90, usedMib: 52 } };
  const shrunk = reckonPeople({
    strangers: 1_024,
    friends: 1,
    channelsEach: 1,
    held: { first, strangers, without: strangers, with: strangers },
    idle: { first: totals({}), strangers: totals({}), all: totals({}) },
    connects: { strangers: totals({}), cold: totals({}), warm: [totals({})] },
  });
  expect(shrunk.chatConnectionKib?.value).toBe(2);
});
