import { type Bus, connectCommands, createMemoryBus } from "@parley/bus";
import { type RedisFabric, startSentinelFabric, startSingleFabric, until } from "@parley/bus/testing";
import { afterAll, describe, expect, test } from "vitest";
import { createRedisCluster } from "./cluster-redis.ts";
import type { Cluster, Lease, NodeInfo } from "./registry.ts";
import { createStallingProcess, type StallingProcess } from "./stalling-process.ts";

const times = { heartbeatMs: 200, leaseMs: 600 };
const infoOf = (node: string): Omit<NodeInfo, "epoch"> => ({
  node,
  role: "chat-server",
  address: "tcp://127.0.0.1:1",
  process: node,
  weight: 1,
  state: "up",
  load: { sessions: 0, eventLoopDelayMs: 0, cpu: 0 },
});
const namesOf = (cluster: Cluster) => cluster.registry.view().nodes.map(({ node }) => node);

describe("registry in Redis under faults", { timeout: 60_000 }, () => {
  const fabricPromise: Promise<RedisFabric> = startSingleFabric();
  const open: Cluster[] = [];
  let fleets = 0;
  /** A fleet of its own (by prefix) with so many processes, one node each. */
  async function startFleet(size: number, isHidden = false) {
    const { redis } = await fabricPromise;
    fleets += 1;
    const prefix = `fleet-${fleets}`;
    const members: (StallingProcess & { lease: Lease; lost: number[] })[] = [];
    for (let index = 0; index < size; index += 1) {
      const member = createStallingProcess(redis, times, prefix, isHidden);
      open.push(member.cluster);
      const lease = await member.cluster.registry.join(infoOf(`node-${index}`));
      const lost: number[] = [];
      lease.onLost((epoch) => lost.push(epoch));
      members.push({ ...member, lease, lost });
    }
    await until(() =>
      members.every(({ cluster }) => namesOf(cluster).length === size && cluster.registry.view().isComplete),
    );
    return { prefix, members };
  }
  afterAll(async () => {
    for (const cluster of open) await cluster.close();
    await (await fabricPromise).close();
  }, 30_000);

  test("when most nodes go silent at once, every view takes them out a third a step", async () => {
    const { members } = await startFleet(6);
    const [observer, ...others] = members;
    if (observer === undefined) throw new Error("unreachable");
    const sizes = [6];
    observer.cluster.registry.onView(({ nodes }) => sizes.push(nodes.length));
    for (const other of others) other.stall();
    await until(() => namesOf(observer.cluster).length === 1);
    for (const [index, size] of sizes.entries()) {
      const before = sizes[index - 1] ?? size;
      expect(before - size).toBeLessThanOrEqual(Math.max(1, Math.floor(before / 3)));
    }
    expect(observer.lost).toEqual([]);
    for (const other of others) other.wake();
    await until(() => namesOf(observer.cluster).length === 6);
    for (const { lost } of others) expect(lost.length).toBeGreaterThan(0);
  });

  test("a pause of Redis longer than the lease costs nobody the lease, and no view a node", async () => {
    const { members } = await startFleet(4);
    const epochs = members.map(({ lease }) => lease.epoch);
    const shrunk: number[] = [];
    for (const { cluster } of members) cluster.registry.onView(({ nodes }) => shrunk.push(nodes.length));
    await (await fabricPromise).command("CLIENT", "PAUSE", "2500", "ALL");
    await until(() => members.every(({ cluster }) => !cluster.registry.view().isComplete));
    await until(() => members.every(({ cluster }) => cluster.registry.view().isComplete));
    expect(Math.min(...shrunk)).toBe(4);
    expect(members.map(({ lease }) => lease.epoch)).toEqual(epochs);
    expect(members.flatMap(({ lost }) => lost)).toEqual([]);
  });

  test("FLUSHALL under a running fleet: presence says it is not complete until all have beaten again, then all is back", async () => {
    const { members } = await startFleet(3);
    const [first, second] = members;
    if (first === undefined || second === undefined) throw new Error("unreachable");
    const connection = { connection: "s1", device: "phone", gateway: "g", since: 1 };
    const at = { node: first.lease.node, epoch: first.lease.epoch };
    await first.cluster.presence.put("ada", { ...connection, ...at });
    const views: { size: number; isComplete: boolean }[] = [];
    second.cluster.registry.onView(({ nodes, isComplete }) => views.push({ size: nodes.length, isComplete }));
    await (await fabricPromise).command("FLUSHALL");
    await until(() => views.some(({ isComplete }) => !isComplete) && second.cluster.registry.view().isComplete);
    expect(views.every(({ size }) => size === 3)).toBe(true);
    expect((await second.cluster.presence.query(["ada"])).get("ada")?.connections).toHaveLength(1);
  });

  test("a process that stood still loses its leases before it is asked, with epochs that grow", async () => {
    const { members } = await startFleet(1);
    const [only] = members;
    if (only === undefined) throw new Error("unreachable");
    const before = only.lease.epoch;
    only.stall();
    const stalledAt = performance.now();
    // Longer than the lease; nobody else is there to take it for dead.
    await until(() => performance.now() - stalledAt > times.leaseMs + 2 * times.heartbeatMs);
    only.wake();
    expect(only.lost).toHaveLength(1);
    expect(only.lease.epoch).toBeGreaterThan(before);
    await until(() => only.cluster.registry.view().nodes.some(({ epoch }) => epoch === only.lease.epoch));
  });

  test("a node that alone was cut off learns from the fence that others took it for dead; one nobody buried goes on", async () => {
    const { members } = await startFleet(2, true);
    const [observer, cutOff] = members;
    if (observer === undefined || cutOff === undefined) throw new Error("unreachable");
    const before = cutOff.lease.epoch;
    cutOff.stall();
    await until(() => namesOf(observer.cluster).length === 1);
    cutOff.wake();
    await until(() => cutOff.lost.length === 1 && namesOf(observer.cluster).length === 2);
    expect(cutOff.lease.epoch).toBeGreaterThan(before);

    // With the observer silent too, nobody buries anybody: late is not dead.
    const epochs = members.map(({ lease }) => lease.epoch);
    const silentAt = performance.now();
    for (const member of members) member.stall();
    await until(() => performance.now() - silentAt > 2 * times.leaseMs);
    for (const member of members) member.wake();
    await until(() => members.every(({ cluster }) => namesOf(cluster).length === 2));
    expect(members.map(({ lease }) => lease.epoch)).toEqual(epochs);
  });

  test("a node is asked to drain though every hint is lost", async () => {
    const { redis } = await fabricPromise;
    const deaf: Bus = { ...createMemoryBus(), publish: async () => 0 };
    const [asked, asker] = [0, 1].map(() => createRedisCluster({ redis, times, prefix: "deaf", bus: deaf }));
    if (asked === undefined || asker === undefined) throw new Error("unreachable");
    open.push(asked, asker);
    const lease = await asked.registry.join(infoOf("asked"));
    let heard = 0;
    lease.onDrainAsked(() => {
      heard += 1;
    });
    expect(await asker.registry.askDrain("asked")).toBe(lease.epoch);
    await until(() => heard === 1);
  });

  test("the reaper leaves no key of a dead incarnation behind", async () => {
    const { prefix, members } = await startFleet(2);
    const [dying, living] = members;
    if (dying === undefined || living === undefined) throw new Error("unreachable");
    const at = { node: dying.lease.node, epoch: dying.lease.epoch };
    for (let index = 0; index < 1_200; index += 1) {
      const user = `reaped-${index}`;
      await dying.cluster.presence.put(user, { connection: `s${index}`, device: "d", gateway: "g", since: 1, ...at });
      await dying.cluster.directory.claim(user, at);
    }
    await dying.lease.leave();
    await until(() => !namesOf(living.cluster).includes(at.node));
    await until(async () => (await living.cluster.presence.reap(99_000)) > 0);
    const client = connectCommands((await fabricPromise).redis);
    await until(() => client.status === "ready");
    const left = (await client.keys(`*${prefix}:users*`)).filter((key) => !key.includes(":seen:"));
    client.disconnect();
    expect(left).toEqual([]);
    expect((await living.cluster.presence.query(["reaped-7"])).get("reaped-7")).toMatchObject({ lastSeen: 99_000 });
  });
});

test("after a Sentinel failover the fleet goes on with the same epochs and a whole view", {
  timeout: 90_000,
}, async () => {
  const fabric = await startSentinelFabric();
  const clusters = [0, 1].map(() => createRedisCluster({ redis: fabric.redis, times }));
  try {
    const [a, b] = clusters;
    if (a === undefined || b === undefined) throw new Error("unreachable");
    const leases = [await a.registry.join(infoOf("a")), await b.registry.join(infoOf("b"))];
    const epochs = leases.map(({ epoch }) => epoch);
    const isWhole = () =>
      [a, b].every(({ registry }) => registry.view().isComplete && registry.view().nodes.length === 2);
    await until(isWhole);
    await fabric.failOver();
    await until(isWhole);
    await a.presence.put("ada", {
      connection: "s",
      device: "d",
      gateway: "g",
      since: 1,
      node: "a",
      epoch: epochs[0] ?? 0,
    });
    expect((await b.presence.query(["ada"])).get("ada")?.connections).toHaveLength(1);
    expect(leases.map(({ epoch }) => epoch)).toEqual(epochs);
  } finally {
    for (const cluster of clusters) await cluster.close();
    await fabric.close();
  }
});
