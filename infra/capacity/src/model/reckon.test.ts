import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Assumptions, assumptionTable } from "../assumptions.ts";
import { createCoefficients } from "../testing.ts";
import { limitDefinitions } from "./limits.ts";
import { quantityGroups } from "./quantities.ts";
import { findWalls, reckonCapacity } from "./reckon.ts";

/** 2,000 messages a second, each to one member with two devices, on two gateways and two chat servers. */
const assumptions = assumptionTable.with({
  dau: 864_000,
  messagesPerUser: 100,
  membersOnline: 1,
  devices: 2,
  onlineShare: 0.5,
  peakFactor: 2,
  sessionsPerUser: 5,
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
  connections: 864_000, // 864,000 × 0.5 × 2
  messages: 2_000, // 86,400,000 / 86,400 = 1,000, twice at the peak
  receivers: 2,
  deliveries: 4_000,
  connects: 200, // 8,640,000 / 86,400 = 100, twice
  stormConnects: 864, // 86,400 in 100 s
  linkFrames: 1.75, // two receivers on four pairs: 4 × (1 − 9/16)
  hops: 1.5, // half of forward + answer + one server
  gatewayCores: 0.3964, // 2,000 × (0.05 + 0.035) = 170; 40; 100; 86.4
  gatewayThousandCores: 0.08,
  gatewayMib: 843.75,
  gatewaysByCpu: 1,
  gatewaysByMemory: 1,
  gatewaysBySockets: 1,
  gatewaysByStorm: 1, // 0.3964 + 0.432
  gateways: 2,
  chatCores: 0.25, // 2,000 × (0.04 + 0.03 + 0.035) = 210; 20; 20
  chatThousandCores: 0.12,
  chatMib: 421.875,
  chatServersByCpu: 1,
  chatServersByMemory: 1,
  chatServersByStorm: 1,
  chatServers: 2,
  machines: 2,
  publishes: 2_000, // 3,000 words, but two pairs publish 1,000 times each at most
  nodes: 6,
  registryCores: 0.0024, // 6 × (0.1 + 0.3) ms
  registryMbs: 0.036, // 36 × 1,000 bytes
  redisCores: 0.1424, // 0.1 + 0.04 + 0.0024
  redisMbs: 1.536, // 3,000 × 500 bytes, and the registry
  redisMib: 864,
  redisMasters: 1,
  storeServers: 1,
  storeCores: 3,
  diskYearTib: 28.6818, // 31.536 × 10^9 messages of 1,000 bytes
  diskYearAllTib: 86.0455,
  diskKeptTib: 57.3636,
  shards: 3, // two by writes, three by disk
  storeMembers: 9,
  clientMbs: 1.4, // 4,000 × 300 and 2,000 × 100 bytes
  gatewayMbits: 5.6,
  oneProcessCores: 0.8464,
  oneProcessMib: 1_365.625,
  lmdbWriters: 0.1,
  lmdbYearTib: 11.4727,
  hotServers: 1.5,
  hotSendMs: 0.105, // 0.04 + 2.5 × 0.5 × 0.02 + 1.5 × 0.02 + 2 × 0.005
  hotSendsMax: 4_761.9048,
};

/** Share of what there is: of one, over how many there are. */
const limitExamples: Readonly<Record<string, number>> = {
  oneProcess: 1.6928, // CPU: 0.8464 of half a core
  lmdb: 0.2,
  gatewayCpu: 0.3964,
  gatewayMemory: 0.421875,
  gatewaySockets: 0.432,
  storm: 0.432,
  chatCpu: 0.25,
  chatMemory: 0.2109375,
  redisCpu: 0.2848,
  registryCpu: 0.0048,
  registryTraffic: 0.0000288, // 0.036 of 1,250 MB/s
  ring: 0.02, // 1 of 50 ms
  storeWrites: 0.6667, // two of three
  storeDisk: 0.9561,
  hotHome: 0.021, // 100 × 0.105 ms of half a core
  hotRuns: 0.00078125, // 100 × 0.5 ms, 64 at once
  network: 0.00056,
};

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
  const needs = (given: Partial<Assumptions>): Record<string, number> => {
    const { quantities } = reckonCapacity(assumptionTable.with(given), coefficients);
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

  test.each(["onlineShare", "peakFactor", "stormShare", "replication"] as const)(
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
    // Two servers of the store are busy at 1 s of appends a second, which half of one does at 432,000 users.
    expect(walls.get("storeWrites")).toBeGreaterThanOrEqual(432_000);
    expect(walls.get("storeWrites")).toBeLessThan(437_000);
  });

  test("does not exist for what does not grow with users", () => {
    expect(walls.has("hotRuns")).toBe(false);
  });
});
