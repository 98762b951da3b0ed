import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { startGenerator } from "../generator/start-generator.ts";
import type { IdleCell } from "../result.ts";
import type { MeasuredSystem, SystemKind } from "../systems.ts";
import { serverBytes } from "./session.ts";
import { within } from "./within.ts";

const connectionsAChild = 2_500;
const openingMax = 20;
const openWithinS = 180;
const endWithinS = 90;
/** Files that a process has open beside its client sockets. */
const otherFiles = 500;

/**
 * Memory before and after idle connections that are in no room, on a system started for it: the same wait after its
 * start and after the last connect, no garbage collected by anybody's wish. Clients are in processes of their own.
 * **Errors**: rejects where the system does not start or lets anybody not in; nothing is left running.
 */
export async function measureIdle(
  kind: SystemKind,
  connections: number,
  settleS: number,
  say: (line: string) => void,
): Promise<Omit<IdleCell, "repeat">> {
  const system = await kind.start(say);
  const children = Array.from({ length: Math.ceil(connections / connectionsAChild) }, startGenerator);
  try {
    await pause(settleS * 1_000);
    const beforeBytes = await serverBytes(system);
    const opening = children.map((child, index) => {
      const first = index * connectionsAChild;
      return child.open(idleOrder(system, first, Math.min(connections - first, connectionsAChild)));
    });
    await within(openWithinS, "opening idle connections", Promise.all(opening));
    await pause(settleS * 1_000);
    return { system: kind.name, connections, beforeBytes, afterBytes: await serverBytes(system) };
  } finally {
    const ends = Promise.all([...children.map((child) => child.end()), system.stop()]);
    await within(endWithinS, `the end of ${kind.name}`, ends);
  }
}

function idleOrder({ protocol, urls, tokenOf }: MeasuredSystem, first: number, members: number) {
  const tokens = Array.from({ length: members }, (_, index) => tokenOf(`idle-${first + index}`));
  return { protocol, urls, members, tokens, roomSizes: [], openingMax };
}

/**
 * As many as are wanted, or as many as one process may hold. **Source**: proc(5), limits; Node raises its own soft limit
 * to the hard one.
 */
export async function connectionsAllowed(wanted: number): Promise<number> {
  const limits = await readFile("/proc/self/limits", "utf8");
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1] ?? "unlimited";
  return hard === "unlimited" ? wanted : Math.min(wanted, Math.max(0, Number(hard) - otherFiles));
}
