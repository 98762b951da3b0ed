import { type Cluster, RegistryError, type UserPresence } from "@parley/cluster";
import type { UserId } from "@parley/protocol";
import type { MessageStore } from "@parley/store";
import { type Answer, FieldError, NotFoundError, type UserAnswer } from "./answers.ts";
import type { LastKnown } from "./last-known.ts";

export interface OnlinePage extends Answer {
  readonly users: readonly UserAnswer[];
  readonly cursor?: string;
}

/** Questions about users, answered from the registry and, where that cannot say, from what was last known. */
export interface UserQueries {
  /** **Errors**: NotFoundError for a user that nobody has ever seen and who is in no channel. */
  one(user: UserId): Promise<UserAnswer & Answer>;
  /** In the order asked; at most 1,000. A user nobody has ever seen is offline without `lastSeen`. */
  many(users: readonly UserId[]): Promise<{ readonly users: readonly UserAnswer[] } & Answer>;
  online(cursor: string | undefined, limit: number): Promise<OnlinePage>;
}

/** Marks a page that was made from what was last known; no cursor of the registry begins so. */
const lastKnownMark = "last~";

export function createUserQueries(cluster: Cluster, store: MessageStore, lastKnown: LastKnown): UserQueries {
  const { registry, presence } = cluster;

  async function many(users: readonly UserId[]): Promise<{ users: readonly UserAnswer[] } & Answer> {
    // Asked before and after: the registry may be lost in between.
    const wasComplete = registry.view().isComplete;
    const found = await reach(() => presence.query(users));
    const complete = wasComplete && found !== undefined && registry.view().isComplete;
    return { complete, users: users.map((user) => answer(user, found?.get(user), complete)) };
  }

  function answer(user: UserId, found: UserPresence | undefined, complete: boolean): UserAnswer {
    if (found !== undefined && (complete || found.connections.length > 0)) {
      lastKnown.remember(found);
      return describe(found);
    }
    // What is missing now proves nothing: what was known before stands, else nothing is known.
    const before = lastKnown.find(user);
    return before === undefined ? { user, status: "unknown", devices: [] } : describe(before);
  }

  return {
    many,
    async one(user) {
      const { complete, users } = await many([user]);
      const [found = { user, status: "unknown" as const, devices: [] }] = users;
      const isStranger = found.status === "offline" && found.lastSeen === undefined;
      if (isStranger && !(await isKnownToStore(store, user))) throw new NotFoundError(`No user ${user} was ever seen.`);
      return { ...found, complete };
    },
    async online(cursor, limit) {
      const wasComplete = registry.view().isComplete;
      const isLastKnown = cursor?.startsWith(lastKnownMark) === true;
      const page = isLastKnown ? undefined : await reach(() => readPage(cursor, limit));
      if (page !== undefined) {
        for (const found of page.users) lastKnown.remember(found);
        const complete = wasComplete && registry.view().isComplete;
        const next = page.cursor === undefined ? {} : { cursor: page.cursor };
        return { complete, users: page.users.map(describe), ...next };
      }
      const after = isLastKnown ? (cursor ?? "").slice(lastKnownMark.length) : "";
      const users = lastKnown.online(after, limit + 1);
      const shown = users.slice(0, limit);
      const last = shown.at(-1);
      const next = users.length > limit && last !== undefined ? { cursor: `${lastKnownMark}${last.user}` } : {};
      return { complete: false, users: shown.map(describe), ...next };
    },
  };

  async function readPage(cursor: string | undefined, limit: number) {
    try {
      return await presence.online(cursor, limit);
    } catch (error) {
      if (error instanceof RangeError) throw new FieldError("cursor", "cursor: must be one that an answer has given");
      throw error;
    }
  }
}

/** Undefined when the registry is out of reach. */
async function reach<Value>(ask: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof RegistryError) return undefined;
    throw error;
  }
}

/** A member of some channel, or somebody who once was, exists. */
async function isKnownToStore(store: MessageStore, user: UserId): Promise<boolean> {
  const { channels, reads } = await store.readUser(user);
  return channels.size > 0 || reads.size > 0;
}

export function describe({ user, connections, lastSeen }: UserPresence): UserAnswer {
  return {
    user,
    status: connections.length > 0 ? "online" : "offline",
    ...(lastSeen === undefined ? {} : { lastSeen }),
    devices: connections.map(({ device, gateway, node, since }) => ({ device, gateway, server: node, since })),
  };
}
