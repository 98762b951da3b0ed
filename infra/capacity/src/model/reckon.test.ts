import { coefficientUnits } from "@parley/simulator/coefficients";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Assumptions, assumptionReasons, assumptionTable } from "../assumptions.ts";
import { createCoefficients } from "../testing.ts";
import { limitDefinitions } from "./limits.ts";
import { quantityGroups } from "./quantities.ts";
import { findWalls, reckonCapacity, usedSymbols } from "./reckon.ts";

/** 2,000 messages a second, each to one member with two devices, on two gateways and two chat servers. */
const assumptions = assumptionTable.with({
  dau: 720_000,
  messagesPerUser: 100,
  busiestHourShare: 0.1,
  onlineShare: 0.5,
  devices: 2,
  membersOnline: 1,
  channelsPerUser: 10,
  quietShare: 0.5,
  sessionsPerUser: 5,
  pagesPerUser: 5,
  textBytes: 100,
  retentionDays: 730,
  replication: 3,
  shardDiskTib: 20,
  utilisation: 0.5,
  spareProcesses: 1,
  coresAMachine: 2,
  processMib: 1_100,
  socketsMax: 1_000_000,
  hellosPerSecond: 1_000,
  stormShare: 0.1,
  stormSeconds: 100,
  hotMembers: 2,
  hotSends: 100,
  packetBytes: 50,
  nicGbit: 10,
});
const coefficients = createCoefficients();

/** Reckoned by hand, with how. */
const quantityExamples: Readonly<Record<string, number>> = {
  connections: 720_000, // 720,000 × 0.5 × 2
  messages: 2_000, // 72,000,000 × 0.1 in 3,600 s
  receivers: 2,
  deliveries: 4_000,
  connects: 200, // 7,200,000 × 0.1 in 3,600 s
  pages: 100, // 3,600,000 × 0.1 in 3,600 s
  stormConnects: 720, // 72,000 in 100 s
  linkFrames: 1.75, // two receivers on four pairs: 4 × (1 − 9/16)
  hops: 1, // half of forward + one server
  coldShare: 1, // there is nobody else
  channelsHeld: 3_600_000, // 360,000 people, 10 each, nobody else online in them
  headsCompared: 121_000, // 120,000 and half of the messages
  gatewayCores: 0.452, // 2,000 × (0.05 + 0.035) = 170; 40; 200 × 0.6 = 120; 50; 72
  gatewayMib: 703.125,
  gatewaysByCpu: 1,
  gatewaysByMemory: 1,
  gatewaysBySockets: 1,
  gatewaysByStorm: 1, // 0.452 + 0.432
  gateways: 2,
  chatCores: 0.497, // 2,000 × (0.05 + 0.02 + 0.035) = 210; 20; 200 × (0.1 + 10 × 0.02) = 60; 50; 121; 36
  chatMib: 703.125, // 0.5 and 10 × 0.05 KiB each
  chatServersByCpu: 1,
  chatServersByMemory: 1,
  chatServersByStorm: 1, // 0.497 + 0.144
  chatServers: 2,
  machines: 2,
  publishes: 2_000, // two pairs publish 1,000 times each at most
  nodes: 6,
  registryCores: 0.0024, // 6 × (0.1 + 0.3) ms
  registryMbs: 0.036, // 36 × 1,000 bytes
  redisCores: 0.1624, // 0.1 + 200 × 0.3 ms + 0.0024
  redisMbs: 1.036, // 2,000 × 500 bytes, and the registry
  redisMib: 720,
  redisMasters: 1,
  storeServers: 1,
  storeSweepCores: 0.242,
  storeCores: 4.614, // 3; 100 × 5 ms; 200 × 4 ms; 0.072; 0.242
  storeStormCores: 1.44, // 720 × 2 ms
  storeMbs: 2,
  diskYearTib: 23.9015, // 26.28 × 10^9 messages of 1,000 bytes
  diskYearAllTib: 71.7046,
  diskKeptTib: 47.803,
  shards: 5, // two by writes, five by CPU, three in a storm, three by disk
  storeMembers: 15,
  clientMbs: 3.4, // 4,000 × 300, 2,000 × 350, 100 × 15,000 bytes
  linkMbs: 2.09, // 2,000 × (500 + 1.75 × 300), 4,000 × 10 bytes
  gatewayMbits: 21.96,
  oneProcessCores: 1.129,
  oneProcessMib: 1_506.25,
  lmdbWriters: 0.1,
  lmdbYearTib: 9.5606,
  hotServers: 1.5,
  hotSendMs: 0.115, // 0.05 + 2.5 × 0.5 × 0.02 + 1.5 × 0.02 + 2 × 0.005
  hotSendsMax: 4_347.8261,
};

/** Share of what there is: of one, over how many there are. */
const limitExamples: Readonly<Record<string, number>> = {
  oneProcess: 2.258, // CPU: 1.129 of half a core
  lmdb: 0.2,
  gatewayCpu: 0.452,
  gatewayMemory: 0.3515625,
  gatewaySockets: 0.36,
  storm: 0.36,
  chatCpu: 0.497,
  chatMemory: 0.3515625,
  redisCpu: 0.3248,
  registryCpu: 0.0048,
  registryTraffic: 0.0000288, // 0.036 of 1,250 MB/s
  ring: 0.02, // 1 of 50 ms
  storeWrites: 0.4, // two of five
  storeCpu: 0.9228, // 4.614 of one core in use, five times
  storeStorm: 0.6054, // 6.054 of two cores, five times
  storeDisk: 0.478,
  hotHome: 0.023, // 100 × 0.115 ms of half a core
  hotRuns: 0.00078125, // 100 × 0.5 ms, 64 at once
  network: 0.002196,
};

test("nothing is measured or assumed that no formula rests on", () => {
  for (const name of Object.keys(coefficientUnits)) expect(usedSymbols).toContain(name);
  for (const name of Object.keys(assumptionReasons)) expect(usedSymbols).toContain(name);
});

describe("an example reckoned by hand", () => {
  const { quantities, limits } = reckonCapacity(assumptions, coefficients);

  test("there is one for every quantity and every limit", () => {
    const names = quantityGroups.flatMap(({ quantities: definitions }) => definitions.map(({ name }) => name));
    expect(Object.keys(quantityExamples)).toEqual(names);
    expect(Object.keys(limitExamples)).toEqual(limitDefinitions.map(({ name }) => name));
  });

  test.each(Object.entries(quantityExamples))("%s is %d", (name, expected) => {
    expect(quantities.find((one) => one.name === name)?.value).toBeCloseTo(expected, 4);
  });

  test.each(Object.entries(limitExamples))("%s is used by %d", (name, expected) => {
    expect(limits.find((one) => one.name === name)?.use).toBeCloseTo(expected, 4);
  });

  test("each is shown with its names and with its numbers", () => {
    const { formula, withNumbers } = quantities.find(({ name }) => name === "linkFrames") ?? {};
    expect({ formula, withNumbers }).toEqual({
      formula: "spread(gateways × chatServers, receivers)",
      withNumbers: "spread(2 × 2, 2)",
    });
    for (const one of quantities) expect(one.withNumbers).not.toMatch(/\b(?!ceil|max|min|spread)[a-zA-Z]{2,}/);
  });
});

/** Everything that is bought. */
const bought = ["gateways", "chatServers", "machines", "redisMasters", "shards", "storeMembers", "diskYearAllTib"];

describe("more work", () => {
  // The more of a channel's members are on one server, the fewer heads it compares and the fewer channels it does not
  // hold when one more connects: left out, as what alone shrinks.
  const unswept = createCoefficients({
    chatSweepMs: 0,
    mongoSweepMs: 0,
    chatColdChannelMs: coefficients.chatChannelMs.value,
    mongoColdChannelMs: coefficients.mongoChannelMs.value,
  });
  const needs = (given: Partial<Assumptions>): Record<string, number> => {
    const { quantities } = reckonCapacity(assumptionTable.with(given), unswept);
    return Object.fromEntries(
      quantities.filter(({ name }) => bought.includes(name)).map((one) => [one.name, one.value]),
    );
  };
  const dau = fc.integer({ min: 1, max: 1_000_000_000 });

  test.each(["dau", "messagesPerUser", "membersOnline", "textBytes"] as const)(
    "twice the %s never needs less",
    (name) => {
      fc.assert(
        fc.property(dau, (users) => {
          const given = { ...assumptionTable.with({ dau: users }) };
          const [few, many] = [needs(given), needs({ ...given, [name]: 2 * given[name] })];
          for (const key of bought) expect(many[key]).toBeGreaterThanOrEqual(few[key] ?? Number.NaN);
        }),
        { numRuns: 25 },
      );
    },
  );

  test.each(["onlineShare", "busiestHourShare", "stormShare", "replication"] as const)(
    "a higher %s never needs less",
    (name) => {
      fc.assert(
        fc.property(dau, (users) => {
          const given = { ...assumptionTable.with({ dau: users }) };
          const [few, many] = [needs(given), needs({ ...given, [name]: 2 * given[name] })];
          for (const key of bought) expect(many[key]).toBeGreaterThanOrEqual(few[key] ?? Number.NaN);
        }),
        { numRuns: 25 },
      );
    },
  );

  test("the fleet is just large enough: no process is used beyond what is wanted, and one less would be", () => {
    fc.assert(
      fc.property(dau, (users) => {
        const given = assumptionTable.with({ dau: users, spareProcesses: 0 });
        const { quantities } = reckonCapacity(given, coefficients);
        const valueAt = (name: string): number => quantities.find((one) => one.name === name)?.value ?? Number.NaN;
        const servers = valueAt("chatServers");
        expect(valueAt("chatCores") / servers).toBeLessThanOrEqual(given.utilisation);
        const wanted = ["chatServersByCpu", "chatServersByMemory", "chatServersByStorm"].map(valueAt);
        expect(servers).toBe(Math.max(1, ...wanted));
      }),
      { numRuns: 25 },
    );
  });
});

describe("the size at which one of something is used up", () => {
  const walls = findWalls(assumptions, coefficients);
  const useAt = (name: string, dau: number): number => {
    const limit = reckonCapacity({ ...assumptions, dau }, coefficients).limits.find((one) => one.name === name);
    return (limit?.use ?? Number.NaN) * (limit?.count ?? Number.NaN);
  };

  test("is where its use passes 1", () => {
    for (const name of ["gatewayCpu", "redisCpu", "storeWrites", "ring"]) {
      const wall = walls.get(name) ?? Number.NaN;
      expect(useAt(name, wall)).toBeGreaterThanOrEqual(1);
      expect(useAt(name, Math.floor(wall * 0.98))).toBeLessThan(1);
    }
  });

  test("is exact to a hundredth", () => {
    // Half of one server of the store is busy at half a second of appends a second: 1,000 messages.
    expect(walls.get("storeWrites")).toBeGreaterThanOrEqual(360_000);
    expect(walls.get("storeWrites")).toBeLessThan(364_000);
  });

  test("does not exist for what does not grow with users", () => {
    expect(walls.has("hotRuns")).toBe(false);
  });
});
