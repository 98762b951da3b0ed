import { createRing, type Ring, type RingNode } from "./ring.ts";

/**
 * Keeps the ring of the newest view: building costs milliseconds, a lookup must not. `read(version, nodes)` builds only
 * when the version is another than last time; `nodes` is a function, so that an unchanged view costs no list.
 */
export interface RingCache {
  read(version: number, nodes: () => readonly RingNode[]): Ring;
}

export function createRingCache(): RingCache {
  let cached: { version: number; ring: Ring } | undefined;
  return {
    read(version, nodes) {
      if (cached?.version !== version) cached = { version, ring: createRing(nodes()) };
      return cached.ring;
    },
  };
}
