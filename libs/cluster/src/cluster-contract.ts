import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Cluster, Connection, NodeInfo, Placement, UserPresence } from "./registry.ts";
import { RegistryError } from "./registry.ts";

/** One fleet: several processes in it, and a registry that can be taken away. */
export interface ClusterFabric {
  /** What one process holds; may be the same object each time where all share it. */
  connect(): ClusterMember;
  /** Lets time pass (virtual) or waits a moment (real): called again and again until a condition holds. */
  pass(): Promise<void>;
  /** Takes the registry away. `isEmptied` when it comes back: it has lost all it knew. */
  takeAway(): Promise<void>;
  bringBack(isEmptied: boolean): Promise<void>;
  /** The lease in use, ms. */
  readonly leaseMs: number;
  close(): Promise<void>;
}

export interface ClusterMember {
  readonly cluster: Cluster;
  /** The process stands still (its nodes do not beat), and goes on. */
  stall(node: string): void;
  wake(node: string): void;
}

let nameCount = 0;
function newName(what: string): string {
  nameCount += 1;
  return `${what}-${process.pid}-${nameCount}`;
}

function nodeInfo(node: string, role: NodeInfo["role"] = "chat-server"): Omit<NodeInfo, "epoch"> {
  const load = { sessions: 0, eventLoopDelayMs: 0, cpu: 0 };
  return { node, role, address: `tcp://127.0.0.1:1`, process: `p-${node}`, weight: 1, state: "up", load };
}

function connectionAt(held: Placement, device = "phone"): Connection {
  return {
    connection: newName("socket"),
    device,
    gateway: "gateway-1",
    since: 1_700_000_000_000,
    ...placementOf(held),
  };
}

const placementOf = ({ node, epoch }: Placement): Placement => ({ node, epoch });

/** The rules of {@link Cluster} that every implementation keeps. */
export function clusterContract(name: string, factory: () => Promise<ClusterFabric>): void {
  describe(`cluster contract: ${name}`, { timeout: 60_000 }, () => {
    let fabric: ClusterFabric;
    let a: ClusterMember;
    let b: ClusterMember;
    let c: ClusterMember;

    const until = async (condition: () => boolean | Promise<boolean>) => {
      while (!(await condition())) await fabric.pass();
    };
    const shows = (member: ClusterMember, node: string, epoch?: number) =>
      member.cluster.registry
        .view()
        .nodes.some((info) => info.node === node && (epoch === undefined || info.epoch === epoch));
    const settled = () => until(() => [a, b, c].every(({ cluster }) => cluster.registry.view().isComplete));

    beforeAll(async () => {
      fabric = await factory();
      a = fabric.connect();
      b = fabric.connect();
      c = fabric.connect();
      await a.cluster.registry.join(nodeInfo("anchor-a"));
      await b.cluster.registry.join(nodeInfo("anchor-b"));
      await c.cluster.registry.join(nodeInfo("anchor-c"));
      await settled();
    }, 60_000);
    afterAll(async () => {
      for (const { cluster } of new Set([a, b, c])) await cluster.close();
      await fabric.close();
    }, 60_000);

    describe("registry", () => {
      test("a node that joins is in its own view at once and in everyone's soon, sorted by name", async () => {
        const node = newName("joins");
        const before = a.cluster.registry.view().version;
        const lease = await a.cluster.registry.join({ ...nodeInfo(node, "gateway"), address: "ws://127.0.0.1:9" });
        expect(shows(a, node, lease.epoch)).toBe(true);
        expect(a.cluster.registry.view().version).toBeGreaterThan(before);
        await until(() => shows(b, node, lease.epoch));
        const names = b.cluster.registry.view().nodes.map((info) => info.node);
        expect(names).toEqual([...names].sort());
        expect(b.cluster.registry.view().nodes.find((info) => info.node === node)).toEqual({
          ...nodeInfo(node, "gateway"),
          address: "ws://127.0.0.1:9",
          epoch: lease.epoch,
        });
        await lease.leave();
      });

      test("a node that leaves is gone at once from its own view, soon from all, and leaving twice does nothing", async () => {
        const node = newName("leaves");
        const lease = await a.cluster.registry.join(nodeInfo(node));
        await until(() => shows(b, node));
        await lease.leave();
        await lease.leave();
        await until(() => !shows(a, node) && !shows(b, node));
      });

      test("the state travels at once and changes the version; the load travels with the heartbeat and does not", async () => {
        const node = newName("state");
        const lease = await a.cluster.registry.join(nodeInfo(node));
        await until(() => shows(b, node));
        const find = () => b.cluster.registry.view().nodes.find((info) => info.node === node);
        const before = b.cluster.registry.view().version;
        await lease.update({ load: { sessions: 7, eventLoopDelayMs: 3, cpu: 0.5 } });
        await until(() => find()?.load.sessions === 7);
        expect(b.cluster.registry.view().version).toBe(before);
        const versions: number[] = [];
        const stop = b.cluster.registry.onView((view) => versions.push(view.version));
        await lease.update({ state: "draining" });
        await until(() => find()?.state === "draining");
        expect(versions.length).toBeGreaterThan(0);
        expect(b.cluster.registry.view().version).toBeGreaterThan(before);
        stop();
        await lease.leave();
      });

      test("a node that joins again, also under a name that still has a lease, gets a higher epoch", async () => {
        const node = newName("again");
        const first = await a.cluster.registry.join(nodeInfo(node));
        const firstEpoch = first.epoch;
        const second = await b.cluster.registry.join(nodeInfo(node));
        expect(second.epoch).toBeGreaterThan(firstEpoch);
        await second.leave();
        await first.leave();
        const third = await b.cluster.registry.join(nodeInfo(node));
        expect(third.epoch).toBeGreaterThan(second.epoch);
        await third.leave();
      });

      test("a node that somebody asks to drain hears of it once, whoever asks and how often, also where it listens later", async () => {
        const lease = await a.cluster.registry.join(nodeInfo(newName("drains")));
        await until(() => shows(b, lease.node, lease.epoch));
        let heard = 0;
        lease.onDrainAsked(() => {
          heard += 1;
        });
        expect(await b.cluster.registry.askDrain(lease.node)).toBe(lease.epoch);
        await until(() => heard > 0);
        expect(await c.cluster.registry.askDrain(lease.node)).toBe(lease.epoch);
        let heardLate = 0;
        lease.onDrainAsked(() => {
          heardLate += 1;
        });
        expect(heardLate).toBe(1);
        const drain = { since: 1_700_000_000_000, sessionsAtBegin: 12 };
        await lease.update({ state: "draining", drain });
        await until(() => b.cluster.registry.view().nodes.some((info) => info.drain?.sessionsAtBegin === 12));
        expect(heard).toBe(1);
        await lease.leave();
      });

      test("a wish to drain ends with the incarnation, and one for a node that is not there is answered so", async () => {
        const node = newName("anew");
        expect(await a.cluster.registry.askDrain(node)).toBeUndefined();
        const first = await a.cluster.registry.join(nodeInfo(node));
        expect(await b.cluster.registry.askDrain(node)).toBe(first.epoch);
        await first.leave();
        expect(await b.cluster.registry.askDrain(node)).toBeUndefined();
        const second = await a.cluster.registry.join(nodeInfo(node));
        let heard = 0;
        second.onDrainAsked(() => {
          heard += 1;
        });
        await second.update({ load: { sessions: 1, eventLoopDelayMs: 0, cpu: 0 } });
        await until(() =>
          b.cluster.registry.view().nodes.some((info) => info.node === node && info.load.sessions === 1),
        );
        expect(heard).toBe(0);
        expect(await b.cluster.registry.askDrain(node)).toBe(second.epoch);
        await until(() => heard === 1);
        await second.leave();
      });

      test("a name that could break keys is refused", async () => {
        for (const node of ["", "a b", "a:b", "{a}", "x".repeat(65)]) {
          await expect(a.cluster.registry.join(nodeInfo(node))).rejects.toThrow(RangeError);
          await expect(a.cluster.registry.askDrain(node)).rejects.toThrow(RangeError);
        }
      });

      test("a node that stands still longer than its lease is dropped, told so when it wakes, and back with a new epoch", async () => {
        const node = newName("stalls");
        const member = fabric.connect();
        const lease = await member.cluster.registry.join(nodeInfo(node));
        const oldEpoch = lease.epoch;
        const lost: number[] = [];
        lease.onLost((epoch) => lost.push(epoch));
        await until(() => shows(b, node));
        member.stall(node);
        await until(() => !shows(b, node));
        member.wake(node);
        await until(() => lost.length > 0 && shows(b, node, lease.epoch));
        expect(lease.epoch).toBeGreaterThan(oldEpoch);
        expect(lost.at(-1)).toBe(lease.epoch);
        await lease.leave();
        if (member.cluster !== a.cluster) await member.cluster.close();
      });

      test("while the registry is away the view is frozen and says so; nobody is lost by the outage", async () => {
        const lost: number[] = [];
        const lease = await a.cluster.registry.join(nodeInfo(newName("outage")));
        lease.onLost((epoch) => lost.push(epoch));
        await until(() => shows(b, lease.node));
        await settled();
        const names = () => b.cluster.registry.view().nodes.map((info) => `${info.node} ${info.epoch}`);
        const before = names();
        await fabric.takeAway();
        await until(() => !a.cluster.registry.view().isComplete && !b.cluster.registry.view().isComplete);
        expect(names()).toEqual(before);
        const late = newName("late");
        await expect(a.cluster.registry.join(nodeInfo(late))).rejects.toThrow(RegistryError);
        await expect(a.cluster.registry.askDrain(lease.node)).rejects.toThrow(RegistryError);
        await fabric.bringBack(false);
        await settled();
        // The outcome of that join was unknown: if it got in after all, its lease runs out.
        await until(() => !shows(b, late));
        expect(names()).toEqual(before);
        expect(lost).toEqual([]);
        await lease.leave();
        await until(() => !shows(b, lease.node));
      });

      test("after the registry lost its memory nobody is missing from any view at any moment, and epochs stay", async () => {
        await settled();
        const names = () => b.cluster.registry.view().nodes.map((info) => `${info.node} ${info.epoch}`);
        const before = names();
        const seen: string[][] = [];
        const stop = b.cluster.registry.onView(() => seen.push(names()));
        await fabric.takeAway();
        await until(() => !b.cluster.registry.view().isComplete);
        await fabric.bringBack(true);
        await settled();
        stop();
        for (const nodes of [...seen, names()]) expect(nodes).toEqual(before);
      });
    });

    describe("directory", () => {
      test("the first claim wins, for everyone, until it is released by who holds it", async () => {
        const [first, second] = [
          await a.cluster.registry.join(nodeInfo(newName("claims"))),
          await b.cluster.registry.join(nodeInfo(newName("claims"))),
        ];
        const user = newName("user");
        expect(await b.cluster.directory.find(user)).toBeUndefined();
        expect(await a.cluster.directory.claim(user, placementOf(first))).toEqual(placementOf(first));
        expect(await b.cluster.directory.claim(user, placementOf(second))).toEqual(placementOf(first));
        expect(await b.cluster.directory.find(user)).toEqual(placementOf(first));
        await b.cluster.directory.release(user, placementOf(second));
        expect(await a.cluster.directory.find(user)).toEqual(placementOf(first));
        await a.cluster.directory.release(user, placementOf(first));
        expect(await b.cluster.directory.claim(user, placementOf(second))).toEqual(placementOf(second));
        await first.leave();
        await second.leave();
      });

      test("a claim is moved in one step by naming its holder; where another holds it, that stands", async () => {
        const [first, second, third] = [
          await a.cluster.registry.join(nodeInfo(newName("moves"))),
          await b.cluster.registry.join(nodeInfo(newName("moves"))),
          await c.cluster.registry.join(nodeInfo(newName("moves"))),
        ];
        const [one, two, three] = [placementOf(first), placementOf(second), placementOf(third)];
        const user = newName("user");
        await a.cluster.directory.claim(user, one);
        const connection = connectionAt(first);
        await a.cluster.presence.put(user, connection);
        expect(await a.cluster.directory.move(user, one, two)).toEqual(two);
        expect(await c.cluster.directory.find(user)).toEqual(two);
        expect(await c.cluster.directory.move(user, one, three)).toEqual(two);
        expect(await c.cluster.directory.find(user)).toEqual(two);
        // The old server's last connection ends; the claim is no longer its own.
        await a.cluster.presence.remove(user, connection.connection, 1);
        expect(await c.cluster.directory.find(user)).toEqual(two);
        const nobody = newName("user");
        expect(await b.cluster.directory.move(nobody, one, two)).toEqual(two);
        expect(await a.cluster.directory.find(nobody)).toEqual(two);
        for (const lease of [first, second, third]) await lease.leave();
      });

      test("of claims raced by two processes one wins, and both learn which", async () => {
        const [first, second] = [
          await a.cluster.registry.join(nodeInfo(newName("races"))),
          await b.cluster.registry.join(nodeInfo(newName("races"))),
        ];
        for (let round = 0; round < 20; round += 1) {
          const user = newName("user");
          const [one, two] = await Promise.all([
            a.cluster.directory.claim(user, placementOf(first)),
            b.cluster.directory.claim(user, placementOf(second)),
          ]);
          expect(one).toEqual(two);
        }
        await first.leave();
        await second.leave();
      });

      test("a claim of a node that is gone, or of its earlier epoch, is replaced", async () => {
        const user = newName("user");
        const gone = await a.cluster.registry.join(nodeInfo(newName("gone")));
        await a.cluster.directory.claim(user, placementOf(gone));
        const [node, oldEpoch] = [gone.node, gone.epoch];
        await gone.leave();
        await until(() => !shows(b, node));
        expect(await b.cluster.directory.find(user)).toBeUndefined();
        const again = await b.cluster.registry.join(nodeInfo(node));
        expect(again.epoch).toBeGreaterThan(oldEpoch);
        expect(await b.cluster.directory.claim(user, placementOf(again))).toEqual(placementOf(again));
        await again.leave();
      });
    });

    describe("presence", () => {
      const find = async (member: ClusterMember, user: string): Promise<UserPresence | undefined> =>
        (await member.cluster.presence.query([user])).get(user);

      test("a user nobody has seen has no connection and no last seen", async () => {
        const user = newName("user");
        expect(await find(a, user)).toEqual({ user, connections: [] });
      });

      test("entries are by connection: one socket's end leaves the others, the last one's sets lastSeen", async () => {
        const lease = await a.cluster.registry.join(nodeInfo(newName("sockets")));
        const user = newName("user");
        const [phone, laptop] = [connectionAt(lease, "phone"), connectionAt(lease, "laptop")];
        await a.cluster.presence.put(user, phone);
        await a.cluster.presence.put(user, laptop);
        await a.cluster.presence.put(user, laptop);
        const both = await find(b, user);
        expect([...(both?.connections ?? [])].sort((x, y) => (x.device < y.device ? -1 : 1))).toEqual([laptop, phone]);
        await a.cluster.presence.remove(user, phone.connection, 5_000);
        expect((await find(b, user))?.connections).toEqual([laptop]);
        await a.cluster.presence.remove(user, laptop.connection, 9_000);
        await a.cluster.presence.remove(user, laptop.connection, 12_000);
        expect(await find(b, user)).toEqual({ user, connections: [], lastSeen: 9_000 });
        await lease.leave();
      });

      test("a claim goes with the last connection under it, and a connection of an unclaimed user makes one", async () => {
        const lease = await a.cluster.registry.join(nodeInfo(newName("claimed")));
        const other = await b.cluster.registry.join(nodeInfo(newName("claimed")));
        const user = newName("user");
        const [phone, laptop] = [connectionAt(lease, "phone"), connectionAt(lease, "laptop")];
        await a.cluster.directory.claim(user, placementOf(lease));
        await a.cluster.presence.put(user, phone);
        await a.cluster.presence.put(user, laptop);
        await a.cluster.presence.remove(user, phone.connection, 1);
        expect(await b.cluster.directory.find(user)).toEqual(placementOf(lease));
        await a.cluster.presence.remove(user, laptop.connection, 2);
        expect(await b.cluster.directory.find(user)).toBeUndefined();
        await a.cluster.presence.put(user, phone);
        expect(await b.cluster.directory.claim(user, placementOf(other))).toEqual(placementOf(lease));
        // A connection elsewhere neither takes the claim nor, by its end, ends it.
        const stray = connectionAt(other);
        await b.cluster.presence.put(user, stray);
        await b.cluster.presence.remove(user, stray.connection, 3);
        expect(await a.cluster.directory.find(user)).toEqual(placementOf(lease));
        await lease.leave();
        await other.leave();
      });

      test("a node that is gone takes its users offline by itself, and the reaper clears and dates what it left", async () => {
        const lease = await a.cluster.registry.join(nodeInfo(newName("dies")));
        const user = newName("user");
        await a.cluster.presence.put(user, connectionAt(lease));
        await until(() => shows(b, lease.node));
        expect((await find(b, user))?.connections).toHaveLength(1);
        await lease.leave();
        await until(() => !shows(b, lease.node));
        expect((await find(b, user))?.connections).toEqual([]);
        await settled();
        await b.cluster.presence.reap(77_000);
        expect(await find(b, user)).toEqual({ user, connections: [], lastSeen: 77_000 });
        expect(await b.cluster.presence.reap(78_000)).toBe(0);
      });

      test("everyone online is walked page by page, each user once, whatever the page's size", async () => {
        const lease = await a.cluster.registry.join(nodeInfo(newName("walks")));
        const users = Array.from({ length: 25 }, () => newName("walker"));
        for (const user of users) {
          await a.cluster.presence.put(user, connectionAt(lease, "phone"));
          await a.cluster.presence.put(user, connectionAt(lease, "laptop"));
        }
        await until(() => shows(b, lease.node));
        for (const limit of [1, 4, 25, 1_000]) {
          const walked: string[] = [];
          let cursor: string | undefined;
          do {
            const page = await b.cluster.presence.online(cursor, limit);
            expect(page.users.length).toBeLessThanOrEqual(limit);
            walked.push(...page.users.map(({ user }) => user));
            cursor = page.cursor;
          } while (cursor !== undefined);
          expect(walked.filter((user) => users.includes(user)).sort()).toEqual([...users].sort());
          expect(new Set(walked).size).toBe(walked.length);
        }
        await expect(b.cluster.presence.online("not a cursor", 5)).rejects.toThrow(RangeError);
        await lease.leave();
      });

      test("a query takes 1,000 users and refuses 1,001", async () => {
        const users = Array.from({ length: 1_000 }, (_, index) => `many-${index}`);
        expect((await a.cluster.presence.query(users)).size).toBe(1_000);
        await expect(a.cluster.presence.query([...users, "one-more"])).rejects.toThrow(RangeError);
      });

      test("after an outage and a lost memory, entries, claims and goodbyes are told again by who holds them", async () => {
        const lease = await a.cluster.registry.join(nodeInfo(newName("restores")));
        const [stays, comes, goes] = [newName("stays"), newName("comes"), newName("goes")];
        const [staying, coming, going] = [connectionAt(lease), connectionAt(lease), connectionAt(lease)];
        await a.cluster.presence.put(stays, staying);
        await a.cluster.presence.put(goes, going);
        await a.cluster.directory.claim(stays, placementOf(lease));
        await settled();
        await fabric.takeAway();
        await until(() => !a.cluster.registry.view().isComplete);
        await expect(a.cluster.presence.put(comes, coming)).rejects.toThrow(RegistryError);
        await expect(a.cluster.presence.remove(goes, going.connection, 4_000)).rejects.toThrow(RegistryError);
        await expect(a.cluster.presence.query([stays])).rejects.toThrow(RegistryError);
        await fabric.bringBack(true);
        await settled();
        for (const user of [stays, comes]) {
          await until(async () => ((await find(b, user))?.connections.length ?? 0) === 1);
        }
        await until(async () => ((await find(b, goes))?.connections.length ?? 0) === 0);
        await until(async () => (await b.cluster.directory.find(stays)) !== undefined);
        expect(await b.cluster.directory.find(stays)).toEqual(placementOf(lease));
        await lease.leave();
      });
    });
  });
}
