import { expect, onTestFinished, test, vi } from "vitest";
import type { ChatServerConfig } from "../config.ts";
import { startTestFleet, type TestFleet, type TestSession } from "../testing.ts";

const patience = { timeout: 20_000, interval: 5 };

async function fleetOf(count: number, config: Partial<ChatServerConfig> = {}): Promise<TestFleet> {
  const fleet = await startTestFleet(count, { config });
  onTestFinished(() => fleet.close());
  return fleet;
}

/** The devices of one user, as a gateway moves them: sent away, each goes to where the directory says. */
class Follower {
  readonly user: string;
  readonly devices: { device: string; session: TestSession; server: number; moves: number }[] = [];
  /** When a device was told to go: monotonic ms. */
  readonly sentAwayAt: number[] = [];
  private readonly fleet: TestFleet;
  private isFollowing = true;

  constructor(fleet: TestFleet, user: string) {
    this.fleet = fleet;
    this.user = user;
  }

  async enter(server: number, device: string): Promise<void> {
    const session = (await this.fleet.connect(server, `gateway-${device}`)).attach(this.user, { device });
    await session.welcome();
    const entry = { device, session, server, moves: 0 };
    this.devices.push(entry);
    void this.follow(entry);
  }

  stop(): void {
    this.isFollowing = false;
  }

  get servers(): readonly number[] {
    return this.devices.map(({ server }) => server);
  }

  private async follow(entry: Follower["devices"][number]): Promise<void> {
    while (this.isFollowing) {
      const { session, device } = entry;
      const wasSentAway = () => session.down.some(({ type }) => type === "reattach");
      await session.met(wasSentAway, 60_000).catch(() => undefined);
      if (!wasSentAway()) return;
      this.sentAwayAt.push(performance.now());
      session.detach(true);
      const place = await this.fleet.cluster.directory.find(this.user);
      const server = Number(place?.node.split("-")[1] ?? entry.server);
      const cursors = Object.fromEntries(session.cursors);
      const gateway = await this.fleet.connect(server, `gateway-${device}`);
      entry.session = gateway.attach(this.user, { device, isNew: false, cursors });
      entry.server = server;
      entry.moves += 1;
    }
  }
}

async function crowd(fleet: TestFleet, users: number, server = 1, devices = 1): Promise<Follower[]> {
  const followers = Array.from({ length: users }, (_, index) => new Follower(fleet, `user-${index}`));
  onTestFinished(() => {
    for (const one of followers) one.stop();
  });
  for (const one of followers) {
    for (let device = 0; device < devices; device += 1) await one.enter(server, `d${device}`);
  }
  return followers;
}

const countAt = (followers: readonly Follower[], server: number): number =>
  followers.flatMap(({ servers }) => servers).filter((one) => one === server).length;
const infoOf = (fleet: TestFleet, node: string) =>
  fleet.cluster.registry.view().nodes.find((info) => info.node === node);

test("a drain hands its own users, and nobody else, to the others, evenly, all devices together, and tells how it goes", async () => {
  const fleet = await fleetOf(3);
  const settled = new Follower(fleet, "settled");
  onTestFinished(() => settled.stop());
  await settled.enter(2, "phone");
  const followers = await crowd(fleet, 40, 1, 2);
  await fleet.servers[0]?.drain();
  await vi.waitUntil(() => countAt(followers, 1) === 0, patience);
  for (const { servers } of followers) expect(new Set(servers).size).toBe(1);
  expect(Math.abs(countAt(followers, 2) - countAt(followers, 3))).toBeLessThanOrEqual(24);
  expect(settled.devices[0]).toMatchObject({ server: 2, moves: 0 });
  expect(infoOf(fleet, "chat-1")).toMatchObject({ state: "draining", drain: { sessionsAtBegin: 80 } });
  expect(fleet.errors()).toEqual([]);
});

test("a device that comes to a draining server all the same is sent on", async () => {
  const fleet = await fleetOf(2, { drainDeadlineMs: 15_000 });
  const [ada] = await crowd(fleet, 1);
  const bo = new Follower(fleet, "bo");
  onTestFinished(() => bo.stop());
  const drained = fleet.servers[0]?.drain();
  await bo.enter(1, "late");
  await vi.waitUntil(() => ada?.servers[0] === 2 && bo.servers[0] === 2, patience);
  await drained;
});

test("while the registry is away a drain sends everybody away all the same, and again where they come back", async () => {
  const fleet = await fleetOf(2);
  const gateway = await fleet.connect(1, "gateway-a");
  const ada = gateway.attach("ada");
  await ada.welcome();
  fleet.cluster.setUp(false);
  const drained = fleet.servers[0]?.drain();
  await ada.met(() => ada.down.filter(({ type }) => type === "reattach").length >= 2);
  ada.detach(true);
  await drained;
  fleet.cluster.setUp(true);
});

test("the only server sends nobody away: who stays is served until the deadline", async () => {
  const fleet = await fleetOf(1, { drainDeadlineMs: 600 });
  const gateway = await fleet.connect(1, "gateway-a");
  const ada = gateway.attach("ada");
  await ada.welcome();
  const drained = fleet.servers[0]?.drain();
  const created = await ada.ask({ type: "channel.create", id: "c", kind: "group", members: [] });
  expect(created.type).toBe("result");
  await drained;
  expect(ada.down.filter(({ type }) => type === "reattach")).toEqual([]);
});

test("a server that is asked to drain hears of it", async () => {
  const fleet = await fleetOf(1);
  let asked = 0;
  fleet.servers[0]?.onDrainAsked(() => {
    asked += 1;
  });
  expect(await fleet.cluster.registry.askDrain("chat-1")).toBeGreaterThan(0);
  expect(asked).toBe(1);
});

test("an empty server is given users until it has its share, all devices of each, paced; then it is quiet", async () => {
  const fleet = await fleetOf(2, { rebalanceAfterMs: 500, rebalancePerSecond: 20 });
  const followers = await crowd(fleet, 40, 1, 2);
  await vi.waitUntil(() => countAt(followers, 2) >= 30, patience);
  const times = followers.flatMap(({ sentAwayAt }) => sentAwayAt);
  const within = (from: number, ms: number) => times.filter((at) => at >= from && at < from + ms).length;
  // Twenty a second, given every half second: what was not given before is not made up for. Another look may come at once
  // where one was late, and brings what its time is worth.
  expect(Math.max(...times.map((from) => within(from, 250)))).toBeLessThanOrEqual(16);
  await vi.waitUntil(() => infoOf(fleet, "chat-2")?.load.sessions === countAt(followers, 2), patience);
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(countAt(followers, 2)).toBeLessThanOrEqual(42);
  for (const { servers, devices } of followers) {
    expect(new Set(servers).size).toBe(1);
    expect(Math.max(...devices.map(({ moves }) => moves))).toBeLessThanOrEqual(1);
  }
  expect(fleet.errors()).toEqual([]);
});

test("with a bound of 0 nobody is moved", async () => {
  const fleet = await fleetOf(2, { rebalanceAfterMs: 0, rebalancePerSecond: 0 });
  const followers = await crowd(fleet, 30);
  await vi.waitUntil(() => infoOf(fleet, "chat-1")?.load.sessions === 30, patience);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(countAt(followers, 1)).toBe(30);
});
