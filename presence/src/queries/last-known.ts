import type { UserPresence } from "@parley/cluster";
import type { UserId } from "@parley/protocol";
import { LRUCache } from "lru-cache";

/** What was last heard of users, for when the registry cannot say. Bounded: the longest unasked go first. */
export interface LastKnown {
  remember(presence: UserPresence): void;
  find(user: UserId): UserPresence | undefined;
  /** Users that were online when last heard of, after the given name, in the order of names. */
  online(after: string, limit: number): UserPresence[];
}

export function createLastKnown(usersMax: number): LastKnown {
  const known = new LRUCache<UserId, UserPresence>({ max: usersMax });
  return {
    remember: (presence) => void known.set(presence.user, presence),
    find: (user) => known.get(user),
    online(after, limit) {
      const names: UserId[] = [];
      for (const [user, { connections }] of known.entries())
        if (connections.length > 0 && user > after) names.push(user);
      return names
        .sort()
        .slice(0, limit)
        .flatMap((user) => known.peek(user) ?? []);
    },
  };
}
