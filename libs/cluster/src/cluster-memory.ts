import { type Clock, systemClock } from "./clock.ts";
import { createMemoryDirectory } from "./directory-memory.ts";
import { createMemoryPresence } from "./presence-memory.ts";
import type { Cluster, NodeId } from "./registry.ts";
import { createMemoryRegistry } from "./registry-memory.ts";
import { type LeaseTimes, leaseTimes } from "./times.ts";

export interface MemoryClusterOptions {
  readonly clock?: Clock;
  readonly times?: LeaseTimes;
}

export interface MemoryCluster extends Cluster {
  /** For tests: this node stands still (its heartbeat stops) until it is woken. */
  stall(node: NodeId): void;
  wake(node: NodeId): void;
  /** For tests: takes the registry, directory and presence away (calls reject) and brings them back. */
  setUp(isUp: boolean): void;
  /** For tests: every lease is gone, as after a registry server lost its memory; the nodes' next beats restore them. */
  wipe(): void;
}

/**
 * Registry, directory and presence of one process, shared by all nodes in it: the embedded default, and what tests use.
 * The leases are real: a node that stands still longer than its lease is dropped, and learns of it when it wakes. When
 * the whole process stood still nobody was dropped meanwhile, and no lease is lost.
 */
export function createMemoryCluster(options: MemoryClusterOptions = {}): MemoryCluster {
  const { clock = systemClock, times = leaseTimes } = options;
  const registry = createMemoryRegistry(clock, times);
  const directory = createMemoryDirectory(registry);
  const presence = createMemoryPresence(registry, directory);
  return {
    registry,
    directory,
    presence,
    stall: (node) => registry.stall(node),
    wake: (node) => registry.wake(node),
    setUp: (isUp) => registry.setUp(isUp),
    wipe: () => registry.wipe(),
    close: () => registry.close(),
  };
}
