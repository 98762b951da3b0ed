import type { UserId } from "@parley/protocol";
import type { MemoryDirectory } from "./directory-memory.ts";
import { presencePageMax, presenceQueryMax } from "./limits.ts";
import type { Connection, PresenceRegistry, UserPresence } from "./registry.ts";
import type { MemoryRegistry } from "./registry-memory.ts";

interface Entry {
  readonly connections: Map<string, Connection>;
  lastSeen?: number;
}

/** Users whose last connection went more than so many others ago lose their `lastSeen`, so that memory is bounded. */
const goneUsersMax = 100_000;

export function createMemoryPresence(registry: MemoryRegistry, directory: MemoryDirectory): PresenceRegistry {
  const online = new Map<UserId, Entry>();
  /** Users without a connection, the longest gone first. */
  const gone = new Map<UserId, number>();

  function read(user: UserId): UserPresence {
    const entry = online.get(user);
    const connections = [...(entry?.connections.values() ?? [])].filter(({ node, epoch }) =>
      registry.holds(node, epoch),
    );
    const lastSeen = entry?.lastSeen ?? gone.get(user);
    return { user, connections, ...(lastSeen === undefined ? {} : { lastSeen }) };
  }

  function rememberGone(user: UserId, at: number): void {
    gone.delete(user);
    gone.set(user, at);
    if (gone.size > goneUsersMax) for (const oldest of gone.keys()) return void gone.delete(oldest);
  }

  return {
    async put(user, connection) {
      const entry: Entry = online.get(user) ?? { connections: new Map() };
      const lastSeen = gone.get(user);
      if (lastSeen !== undefined) entry.lastSeen = lastSeen;
      gone.delete(user);
      entry.connections.set(connection.connection, connection);
      online.set(user, entry);
      directory.ensure(user, connection);
      // Kept even so: as if it had been told again when the registry came back.
      registry.assertUp();
    },
    async remove(user, connection, at) {
      const entry = online.get(user);
      const removed = entry?.connections.get(connection);
      if (entry !== undefined && removed !== undefined) {
        entry.connections.delete(connection);
        const isSamePlace = ({ node, epoch }: Connection) => node === removed.node && epoch === removed.epoch;
        if (![...entry.connections.values()].some(isSamePlace)) directory.drop(user, removed);
        entry.lastSeen = Math.max(entry.lastSeen ?? 0, at);
        if (entry.connections.size === 0) {
          online.delete(user);
          rememberGone(user, entry.lastSeen);
        }
      }
      registry.assertUp();
    },
    async reap(at) {
      registry.assertUp();
      let reaped = 0;
      if (!registry.view().isComplete) return reaped;
      for (const [user, entry] of online) {
        const before = entry.connections.size;
        for (const [id, { node, epoch }] of entry.connections) {
          if (!registry.holds(node, epoch)) entry.connections.delete(id);
        }
        if (entry.connections.size === before) continue;
        reaped += 1;
        entry.lastSeen = Math.max(entry.lastSeen ?? 0, at);
        if (entry.connections.size > 0) continue;
        online.delete(user);
        rememberGone(user, entry.lastSeen);
      }
      return reaped;
    },
    async query(users) {
      registry.assertUp();
      if (users.length > presenceQueryMax) throw new RangeError(`At most ${presenceQueryMax} users a query.`);
      return new Map(users.map((user) => [user, read(user)]));
    },
    async online(cursor, limit) {
      registry.assertUp();
      const size = Math.min(Math.max(1, Math.trunc(limit)), presencePageMax);
      const after = cursor ?? "";
      if (cursor !== undefined && !/^[A-Za-z0-9_-]{1,64}$/.test(cursor))
        throw new RangeError("The cursor is none of ours.");
      const names = [...online.keys()].filter((user) => user > after).sort();
      const users: UserPresence[] = [];
      for (const user of names) {
        const found = read(user);
        if (found.connections.length === 0) continue;
        if (users.length === size) {
          const last = users.at(-1);
          return last === undefined ? { users } : { users, cursor: last.user };
        }
        users.push(found);
      }
      return { users };
    },
  };
}
