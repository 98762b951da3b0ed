import type { UserId } from "@parley/protocol";
import type { Directory, Placement } from "./registry.ts";
import type { MemoryRegistry } from "./registry-memory.ts";

export interface MemoryDirectory extends Directory {
  /** A claim for a user that has none. */
  ensure(user: UserId, placement: Placement): void;
  /** As `release`, whether or not the registry is in reach. */
  drop(user: UserId, placement: Placement): void;
}

/** Claims of dead nodes are replaced when their user comes again; the sweep at a view change keeps the map small. */
export function createMemoryDirectory(registry: MemoryRegistry): MemoryDirectory {
  const claims = new Map<UserId, Placement>();
  const isSame = (a: Placement | undefined, b: Placement) => a?.node === b.node && a.epoch === b.epoch;
  const findLive = (user: UserId): Placement | undefined => {
    const claim = claims.get(user);
    return claim !== undefined && registry.holds(claim.node, claim.epoch) ? claim : undefined;
  };
  registry.onView((view) => {
    if (!view.isComplete) return;
    for (const [user, claim] of claims) if (!registry.holds(claim.node, claim.epoch)) claims.delete(user);
  });
  function drop(user: UserId, placement: Placement): void {
    if (isSame(claims.get(user), placement)) claims.delete(user);
  }
  return {
    ensure(user, { node, epoch }) {
      if (!claims.has(user)) claims.set(user, { node, epoch });
    },
    drop,
    async claim(user, wanted) {
      registry.assertUp();
      const standing = findLive(user);
      if (standing !== undefined) return standing;
      claims.set(user, { node: wanted.node, epoch: wanted.epoch });
      return wanted;
    },
    async move(user, from, to) {
      registry.assertUp();
      const standing = findLive(user);
      if (standing !== undefined && !isSame(standing, from)) return standing;
      claims.set(user, { node: to.node, epoch: to.epoch });
      return to;
    },
    async find(user) {
      registry.assertUp();
      return findLive(user);
    },
    async release(user, released) {
      registry.assertUp();
      drop(user, released);
    },
  };
}
