import type { UserId } from "@parley/protocol";
import type { Connection } from "./registry.ts";

/** What this process wants Redis to know of one connection. */
export type OwnEntry =
  | { readonly kind: "present"; readonly user: UserId; readonly connection: Connection }
  | { readonly kind: "gone"; readonly user: UserId; readonly connection: string; readonly at: number };

/**
 * The presence entries that this process has put, kept so that a Redis that was away or lost its memory is told again.
 * **Bounds**: one entry an open connection, and at most 100,000 goodbyes that could not be said; beyond that the oldest
 * is forgotten (its entry then stays until its node's incarnation ends).
 */
export interface OwnConnections {
  set(entry: OwnEntry): void;
  /** Redis knows this very entry now. */
  settle(entry: OwnEntry): void;
  unsettled(): OwnEntry[];
  /** False once another entry of the same connection has taken its place. */
  isCurrent(entry: OwnEntry): boolean;
  /** Redis has forgotten everything. */
  unsettleAll(): void;
}

const goodbyesMax = 100_000;

export function createOwnConnections(): OwnConnections {
  const entries = new Map<string, OwnEntry>();
  const open = new Set<OwnEntry>();
  let goodbyes = 0;
  const keyOf = (entry: OwnEntry) => (entry.kind === "present" ? entry.connection.connection : entry.connection);

  function forget(key: string): void {
    const before = entries.get(key);
    if (before === undefined) return;
    entries.delete(key);
    open.delete(before);
    if (before.kind === "gone") goodbyes -= 1;
  }

  function forgetOldestGoodbye(): void {
    for (const [key, entry] of entries) {
      if (entry.kind !== "gone") continue;
      forget(key);
      return;
    }
  }

  return {
    set(entry) {
      const key = keyOf(entry);
      forget(key);
      entries.set(key, entry);
      open.add(entry);
      if (entry.kind === "gone") goodbyes += 1;
      if (goodbyes > goodbyesMax) forgetOldestGoodbye();
    },
    settle(entry) {
      open.delete(entry);
      if (entry.kind === "gone" && entries.get(keyOf(entry)) === entry) forget(keyOf(entry));
    },
    unsettled: () => [...open],
    isCurrent: (entry) => entries.get(keyOf(entry)) === entry,
    unsettleAll() {
      for (const entry of entries.values()) open.add(entry);
    },
  };
}
