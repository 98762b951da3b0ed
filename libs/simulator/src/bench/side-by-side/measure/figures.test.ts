import { expect, test } from "vitest";
import type { PhaseFigures } from "../generator/messages.ts";
import { toFigures } from "./figures.ts";

const spread = { count: 1, p50: 1.23456, p95: 2, p99: 3, max: 4 };
const phase: PhaseFigures = {
  kind: "figures",
  seconds: 5,
  sent: 1_000,
  acked: 900,
  refused: 2,
  deliveries: 20_000,
  ackMs: spread,
  endToEndMs: spread,
  due: 21_000,
  announced: 3,
  lost: 5,
  doubled: 6,
  pairs: 7,
  reordered: 8,
  busy: 0.12345,
  unsettled: 9,
  socketsClosed: 10,
  processes: [
    { pid: 1, cpuS: 1, poolCpuS: 0.1, residentBytes: 100 },
    { pid: 2, cpuS: 0.5, poolCpuS: 0.1, residentBytes: 10 },
    { pid: 3, cpuS: 0.25, poolCpuS: 0, residentBytes: 1 },
    { pid: 4, cpuS: 3, poolCpuS: 0.5, residentBytes: 200 },
  ],
};
const uses = [{ use: "server" }, { use: "redis" }, { use: "store" }, { use: "server" }] as const;

test("CPU is ms per 1,000 deliveries, each use apart; memory is of the servers alone", () => {
  expect(toFigures(phase, uses)).toMatchObject({
    serverCpuMs: 200,
    redisCpuMs: 25,
    storeCpuMs: 12.5,
    busyBytes: 300,
    deliveriesPerS: 4_000,
    sendsPerS: 180,
    ackMs: { p50: 1.235, p95: 2, p99: 3 },
    busy: 0.123,
  });
});

test("commits of a store within a server's process are the store's", () => {
  const within = [
    { use: "server", isStoreWithin: true },
    { use: "redis" },
    { use: "store" },
    { use: "server" },
  ] as const;
  expect(toFigures(phase, within)).toMatchObject({ serverCpuMs: 195, redisCpuMs: 25, storeCpuMs: 17.5 });
});

test("what was announced as left to the history is not lost, and never makes up for more than is missing", () => {
  expect(toFigures(phase, uses)).toMatchObject({ lost: 2, announced: 3 });
  expect(toFigures({ ...phase, announced: 9 }, uses)).toMatchObject({ lost: 0, announced: 9 });
});

test("without a delivery there is no cost of one", () => {
  expect(() => toFigures({ ...phase, deliveries: 0 }, uses)).toThrow("nothing was delivered");
});
