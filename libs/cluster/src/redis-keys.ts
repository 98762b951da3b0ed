import type { UserId } from "@parley/protocol";
import { hash53 } from "@parley/ring";

/**
 * Users are spread over so many groups of keys; a group lies in one slot of a Redis Cluster, so that a script may touch
 * all that is known of a user. Changing the number means another prefix.
 */
export const bucketCount = 64;

export interface RegistryKeys {
  /** hash: `generation` (made by whoever finds none: a Redis that came back empty shows a new one), `since`, `epoch`. */
  readonly meta: string;
  /** hash: node → "epoch json". */
  readonly nodes: string;
  /** sorted set: node → time (Redis' clock, ms) at which its lease runs out. */
  readonly leases: string;
  /** sorted set: node → when it said goodbye. */
  readonly left: string;
  /** hash: node → "epoch time": incarnations that somebody took for dead, for whom it is final. */
  readonly fenced: string;
  /** set of "node epoch": incarnations whose presence entries may still be there; the reaper takes them out. */
  readonly incarnations: string;
  /** hash: node → epoch that was asked to drain. */
  readonly drains: string;
}

export function registryKeys(prefix: string): RegistryKeys {
  const key = (name: string) => `{${prefix}:nodes}:${name}`;
  return {
    meta: key("meta"),
    nodes: key("nodes"),
    leases: key("leases"),
    left: key("left"),
    fenced: key("fenced"),
    incarnations: key("incarnations"),
    drains: key("drains"),
  };
}

/** All keys of one bucket start with it and share a slot. */
export const bucketKey = (prefix: string, bucket: number): string => `{${prefix}:users:${bucket}}`;

export const bucketOf = (user: UserId): number => hash53(user) % bucketCount;
