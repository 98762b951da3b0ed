import type { UserId } from "@parley/protocol";
import { presencePageMax, presenceQueryMax } from "./limits.ts";
import { createOwnConnections, type OwnEntry } from "./own-connections.ts";
import type { RedisCommands } from "./redis-commands.ts";
import { bucketCount, bucketKey, bucketOf, type RegistryKeys } from "./redis-keys.ts";
import { type Connection, type PresenceRegistry, RegistryError, type UserPresence } from "./registry.ts";
import { incarnationName, type RedisRegistry } from "./registry-redis.ts";

/** Commands under way at once while entries are told again, and users a piece of the reaper's work. */
const catchUpWidth = 64;
const reapPiece = 500;

interface RawPresence {
  readonly user: UserId;
  readonly connections: readonly Connection[];
  readonly seen: string;
}

/**
 * Presence in Redis: a hash a user with a field a connection, read together with the leases. What this process has put
 * is put again when Redis was away (a put that failed is not lost) or came back empty.
 */
export function createRedisPresence(
  commands: RedisCommands,
  registry: RedisRegistry,
  keys: RegistryKeys,
  prefix: string,
): PresenceRegistry {
  const own = createOwnConnections();
  const keyOf = (user: UserId) => bucketKey(prefix, bucketOf(user));

  async function tell(entry: OwnEntry): Promise<void> {
    const { user } = entry;
    if (entry.kind === "gone") {
      await commands.run((client) => client.parleyRemove(keyOf(user), user, entry.connection, entry.at));
    } else {
      const { connection: id, node, epoch } = entry.connection;
      const json = JSON.stringify(entry.connection);
      await commands.run((client) => client.parleyPut(keyOf(user), user, id, json, node, epoch));
    }
    own.settle(entry);
  }

  let isCatchingUp = false;
  async function catchUp(): Promise<void> {
    if (isCatchingUp) return;
    isCatchingUp = true;
    const waiting = own.unsettled();
    const work = async () => {
      for (let entry = waiting.pop(); entry !== undefined; entry = waiting.pop()) {
        // Replaced meanwhile: what came after it was told already, and must not be undone.
        if (own.isCurrent(entry)) await tell(entry);
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(catchUpWidth, waiting.length) }, work));
    } catch {
      // Away again: what is not settled waits for the next look that reaches Redis.
    } finally {
      isCatchingUp = false;
    }
  }

  registry.onReach((wasEmptied) => {
    if (wasEmptied) own.unsettleAll();
    void catchUp();
  });

  /** Leaves only the connections of living incarnations. */
  async function judge(raw: readonly RawPresence[]): Promise<UserPresence[]> {
    const live = await registry.findLive(raw.flatMap(({ connections }) => connections));
    const judged = raw.map(({ user, connections, seen }) => ({
      user,
      connections: connections.filter(({ node, epoch }) => live.has(incarnationName(node, epoch))),
      ...(seen === "" ? {} : { lastSeen: Number(seen) }),
    }));
    // A Redis that came back empty between two looks has no entries, which is not to say that anybody is offline.
    if (judged.some(({ connections }) => connections.length === 0)) await registry.confirm();
    return judged;
  }

  return {
    async put(user, connection) {
      const entry: OwnEntry = { kind: "present", user, connection };
      own.set(entry);
      await tell(entry);
    },
    async remove(user, connection, at) {
      const entry: OwnEntry = { kind: "gone", user, connection, at };
      own.set(entry);
      await tell(entry);
    },
    async query(users) {
      if (users.length > presenceQueryMax) throw new RangeError(`At most ${presenceQueryMax} users a query.`);
      const byBucket = new Map<number, UserId[]>();
      for (const user of new Set(users)) {
        const bucket = bucketOf(user);
        byBucket.set(bucket, [...(byBucket.get(bucket) ?? []), user]);
      }
      const raw = await Promise.all(
        [...byBucket].map(async ([bucket, members]) => {
          const reply = await commands.run((client) => client.parleyQuery(bucketKey(prefix, bucket), ...members));
          return members.map((user, index) => readRaw(user, reply[2 * index], reply[2 * index + 1]));
        }),
      );
      return new Map((await judge(raw.flat())).map((presence) => [presence.user, presence]));
    },
    async online(cursor, limit) {
      const size = Math.min(Math.max(1, Math.trunc(limit)), presencePageMax);
      let [bucket, after] = parseCursor(cursor);
      const users: UserPresence[] = [];
      while (bucket < bucketCount) {
        const key = bucketKey(prefix, bucket);
        const wanted = size - users.length + 1;
        const reply = await commands.run((client) => client.parleyOnline(key, after, wanted));
        const raw: RawPresence[] = [];
        for (let index = 0; index < reply.length; index += 3) {
          raw.push(readRaw(String(reply[index]), reply[index + 1], reply[index + 2]));
        }
        for (const presence of await judge(raw)) {
          if (presence.connections.length === 0) continue;
          const last = users.at(-1);
          if (users.length === size && last !== undefined) return { users, cursor: formatCursor(last.user) };
          users.push(presence);
        }
        const isWhole = raw.length < wanted;
        after = isWhole ? "" : (raw.at(-1)?.user ?? "");
        if (isWhole) bucket += 1;
      }
      return { users };
    },
    async reap(at) {
      if (!registry.view().isComplete) return 0;
      const { meta, nodes, leases, left, fenced, incarnations, drains } = keys;
      const dead = await commands.run((client) =>
        client.parleyDead(meta, nodes, leases, left, fenced, incarnations, drains),
      );
      let reaped = 0;
      for (const name of dead) {
        const [node = "", epoch = ""] = name.split(" ");
        for (let bucket = 0; bucket < bucketCount; bucket += 1) {
          reaped += await reapBucket(bucketKey(prefix, bucket), node, Number(epoch), at);
        }
        await commands.run((client) => client.srem(incarnations, name));
      }
      return reaped;
    },
  };

  async function reapBucket(key: string, node: string, epoch: number, at: number): Promise<number> {
    let reaped = 0;
    for (;;) {
      const piece = await commands.run((client) => client.parleyReap(key, node, epoch, at, reapPiece));
      reaped += piece;
      if (piece === 0) return reaped;
    }
  }
}

function readRaw(user: UserId, jsons: unknown, seen: unknown): RawPresence {
  try {
    const connections: Connection[] = Array.isArray(jsons) ? jsons.map((json) => JSON.parse(String(json))) : [];
    return { user, connections, seen: typeof seen === "string" ? seen : "" };
  } catch (error) {
    throw new RegistryError("The registry holds a presence entry that cannot be read.", { cause: error });
  }
}

const formatCursor = (user: UserId): string => `${bucketOf(user)}.${user}`;

function parseCursor(cursor: string | undefined): [bucket: number, after: string] {
  if (cursor === undefined) return [0, ""];
  const [, bucket, user = ""] = /^(\d{1,2})\.([A-Za-z0-9_-]{1,64})$/.exec(cursor) ?? [];
  if (bucket === undefined || Number(bucket) !== bucketOf(user)) throw new RangeError("The cursor is none of ours.");
  return [Number(bucket), user];
}
