import { createMemoryCluster, type NodeInfo } from "@parley/cluster";
import { createRing } from "@parley/ring";
import { createTelemetry } from "@parley/telemetry";
import { expect, onTestFinished, test, vi } from "vitest";
import { Placement } from "./placement.ts";

const presenceInfo = {
  role: "presence",
  address: "",
  process: "p",
  weight: 1,
  state: "up",
  load: { sessions: 0, eventLoopDelayMs: 0, cpu: 0 },
} as const;
const nobody: ReadonlySet<string> = new Set();

async function setUp(nodes: readonly (Pick<NodeInfo, "node"> & Partial<NodeInfo>)[], process = "gateway-process") {
  const cluster = createMemoryCluster();
  const { logger, close } = createTelemetry({ node: "g", role: "gateway", level: "silent" });
  onTestFinished(async () => {
    await cluster.close();
    close();
  });
  const leases = new Map(
    await Promise.all(
      nodes.map(async ({ node, ...more }) => {
        const lease = await cluster.registry.join({
          node,
          role: "chat-server",
          address: `local:${node}`,
          process: node,
          weight: 1,
          state: "up",
          load: { sessions: 0, eventLoopDelayMs: 0, cpu: 0 },
          ...more,
        });
        return [node, lease] as const;
      }),
    ),
  );
  await vi.waitUntil(() => cluster.registry.view().nodes.length === nodes.length);
  const placement = new Placement({ cluster, process, loadBound: 1.25, logger, now: () => performance.now() });
  return { cluster, leases, placement };
}

test("without chat servers there is no place", async () => {
  const { placement } = await setUp([{ node: "presence-1", role: "presence" }]);
  expect(await placement.place("ada", nobody)).toBeUndefined();
});

test("a user stays where the directory says, wherever the ring points", async () => {
  const { cluster, leases, placement } = await setUp([{ node: "a" }, { node: "b" }]);
  for (const node of ["a", "b"]) {
    const user = `user-of-${node}`;
    await cluster.directory.claim(user, { node, epoch: leases.get(node)?.epoch ?? 0 });
    expect((await placement.place(user, nobody))?.node).toBe(node);
  }
});

test("a place is claimed, so that others find it", async () => {
  const { cluster, placement } = await setUp([{ node: "a" }, { node: "b" }]);
  const place = await placement.place("ada", nobody);
  expect(await cluster.directory.find("ada")).toEqual({ node: place?.node, epoch: place?.epoch });
});

test("a chat server that drains or can't be reached loses its users to another, and the claim moves", async () => {
  const { cluster, leases, placement } = await setUp([{ node: "a" }, { node: "b" }]);
  const first = (await placement.place("ada", nobody))?.node ?? "";
  const second = (await placement.place("ada", new Set([first])))?.node ?? "";
  expect(second).not.toBe(first);
  expect((await cluster.directory.find("ada"))?.node).toBe(second);
  await leases.get(second)?.update({ state: "draining" });
  await vi.waitUntil(() => cluster.registry.view().nodes.some(({ state }) => state === "draining"));
  expect((await placement.place("ada", nobody))?.node).toBe(first);
});

test("when all drain or are avoided there is no place", async () => {
  const { placement } = await setUp([{ node: "a", state: "draining" }, { node: "b" }]);
  expect(await placement.place("ada", new Set(["b"]))).toBeUndefined();
});

test("the own process' chat server comes first, but not above the bound, counting what was placed since its last beat", async () => {
  const { placement } = await setUp([{ node: "own", process: "p" }, { node: "b" }, { node: "c" }], "p");
  const counts = new Map<string, number>();
  for (let i = 0; i < 90; i++) {
    const node = (await placement.place(`user-${i}`, nobody))?.node ?? "";
    counts.set(node, (counts.get(node) ?? 0) + 1);
  }
  expect(counts.get("own")).toBeGreaterThan(30);
  for (const count of counts.values()) expect(count).toBeLessThanOrEqual(1.25 * 30 + 1);
});

test("several chat servers in the own process share by the ring", async () => {
  const { placement } = await setUp(
    [
      { node: "a", process: "p" },
      { node: "b", process: "p" },
    ],
    "p",
  );
  const nodes = new Set<string | undefined>();
  for (let i = 0; i < 40; i++) nodes.add((await placement.place(`user-${i}`, nobody))?.node);
  expect(nodes.size).toBe(2);
});

test("with the registry away the plain ring decides, past those to be avoided", async () => {
  const { cluster, placement } = await setUp([{ node: "a" }, { node: "b" }, { node: "c" }]);
  cluster.setUp(false);
  const ring = createRing(["a", "b", "c"].map((node) => ({ node, weight: 1 })));
  for (let i = 0; i < 20; i++) {
    const walk = [...ring.walk(`user:u${i}`)].map(({ node }) => node);
    expect((await placement.place(`u${i}`, nobody))?.node).toBe(walk[0]);
    expect((await placement.place(`u${i}`, new Set([walk[0] ?? ""])))?.node).toBe(walk[1]);
  }
});

test("several gateways that place a herd at once, from loads as old as a heartbeat, keep every chat server below the bound", async () => {
  const { cluster, leases } = await setUp([{ node: "a" }, { node: "b" }, { node: "c", weight: 2 }]);
  let now = 0;
  const { logger, close } = createTelemetry({ node: "g", role: "gateway", level: "silent" });
  onTestFinished(() => close());
  const gateways = Array.from({ length: 4 }, () => {
    return new Placement({ cluster, process: "g", loadBound: 1.25, logger, now: () => now });
  });
  const counts = new Map<string, number>();
  const users = 800;
  for (let user = 0; user < users; user += 1) {
    const place = await gateways[user % gateways.length]?.place(`herd-${user}`, nobody);
    counts.set(place?.node ?? "", (counts.get(place?.node ?? "") ?? 0) + 1);
    now += 10;
    if (user % 100 !== 99) continue;
    // A beat: everybody hears what stood a second ago.
    for (const [node, lease] of leases) {
      await lease.update({ load: { sessions: counts.get(node) ?? 0, eventLoopDelayMs: 0, cpu: 0 } });
    }
    await cluster.registry.join({ ...presenceInfo, node: `look-${user}` });
  }
  for (const [node, weight] of [
    ["a", 1],
    ["b", 1],
    ["c", 2],
  ] as const) {
    expect(counts.get(node)).toBeLessThanOrEqual((1.25 * users * weight) / 4 + 4);
  }
});

test("new users go elsewhere while a chat server is slow, and come back to it when it has recovered", async () => {
  const { cluster, leases, placement } = await setUp([{ node: "a" }, { node: "b" }, { node: "c" }]);
  const tell = async (delays: Readonly<Record<string, number>>, sessions: number) => {
    for (const [node, lease] of leases) {
      await lease.update({ load: { sessions, eventLoopDelayMs: delays[node] ?? 0, cpu: 0 } });
    }
    await cluster.registry.join({ ...presenceInfo, node: `look-${sessions}` });
  };
  const countOf = async (name: string, node: string) => {
    let count = 0;
    for (let i = 0; i < 60; i += 1) if ((await placement.place(`${name}-${i}`, nobody))?.node === node) count += 1;
    return count;
  };
  await tell({ b: 350 }, 100);
  expect(await countOf("while-slow", "b")).toBe(0);
  await tell({}, 101);
  expect(await countOf("after", "b")).toBeGreaterThan(10);
});
