import { ownBytes } from "../../target/process-facts.ts";
import type { System } from "../../target/system.ts";

const MiB = 1_048_576;

/** Settings of the product that bound what a process holds; see `docs/configuration.md`. */
const waitingBytesMax = 32 * MiB;
const linkBufferBytesMax = 16 * MiB;
const openBytesMax = 256 * 1_024;
/** Garbage that V8 leaves until it collects, and its young generation. */
const garbageBytes = 128 * MiB;
/** An object in memory takes about twice the bytes that it is counted with. */
const objectFactor = 2;

/**
 * By how much a process may grow under any load, from its settings: what waits for the store in a chat server, what
 * sockets may have open in a gateway, what is unsent on links; and the garbage of a moment.
 */
export function growthBound(
  roles: ReadonlySet<string>,
  counts: { readonly gateways: number; readonly chatServers: number; readonly sockets: number },
): number {
  const { gateways, chatServers, sockets } = counts;
  const isWhole = roles.has("gateway") && roles.has("chat-server");
  let bytes = garbageBytes;
  if (roles.has("chat-server")) bytes += objectFactor * waitingBytesMax * (isWhole ? chatServers : 1);
  if (roles.has("gateway")) bytes += objectFactor * Math.ceil(sockets / gateways) * openBytesMax;
  if (!isWhole && roles.has("chat-server")) bytes += linkBufferBytesMax * gateways;
  if (!isWhole && roles.has("gateway")) bytes += linkBufferBytesMax * chatServers;
  return bytes;
}

/** One process of ours while it is watched. */
export interface Watched {
  readonly name: string;
  readonly pid: number;
  readonly roles: ReadonlySet<string>;
  readonly management: string | undefined;
}

export interface Sample {
  readonly ownBytes: number;
  readonly heapBytes: number;
  readonly waitingRequests: number;
  readonly waitingBytes: number;
}

/** Our own processes, each once, whatever parts it holds. */
export function watchedOf({ processes, management }: System): readonly Watched[] {
  const own = processes.filter(({ role }) => role !== "redis" && role !== "store");
  const pids = [...new Set(own.map(({ pid }) => pid))];
  return pids.map((pid, index) => {
    const parts = own.filter((one) => one.pid === pid);
    return {
      name: parts.length > 1 ? "whole process" : (parts[0]?.node ?? ""),
      pid,
      roles: new Set(parts.map(({ role }) => role)),
      // One a process, in the same order.
      management: management[index],
    };
  });
}

/** **Errors**: rejects where the process is gone. A process too busy to tell of its heap is read from outside alone. */
export async function sample({ pid, management }: Watched): Promise<Sample> {
  const own = await ownBytes(pid);
  const metrics = await fetch(`${management}/metrics`, { signal: AbortSignal.timeout(2_000) }).then(
    (response) => response.text(),
    () => "",
  );
  const sumOf = (name: string): number =>
    [...metrics.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
  return {
    ownBytes: own,
    heapBytes: sumOf("nodejs_heap_size_used_bytes"),
    waitingRequests: sumOf("parley_chat_waiting_requests"),
    waitingBytes: sumOf("parley_chat_waiting_bytes"),
  };
}
