import type { HistoryLine, Scene } from "@parley/simulator";
import type { Fleet } from "../fleet/fleet.ts";
import type { FleetNode } from "../fleet/node.ts";
import { pause } from "../fleet/wait.ts";

type Baseline = Extract<HistoryLine, { line: "baseline" }>;

type Held = Omit<Baseline, "line" | "at" | "when">;

/** Timers of what happened last (a channel that goes quiet, a session that is kept) run out within so long. */
const quietWithinMs = 30_000;
const lookEveryMs = 1_000;
/** As the checkers allow by default. */
const timersMoreMax = 5;

/** C10: what each node holds while nothing is asked of it. To be called before anybody comes. */
export async function recordBaselines(fleet: Fleet, { history, now }: Scene): Promise<readonly Held[]> {
  const before = await readAll(fleet);
  for (const held of before) history.record({ line: "baseline", at: now(), when: "before", ...held });
  return before;
}

/** The same when all have gone, and what they left behind has had its time to run out. */
export async function recordRest(fleet: Fleet, { history, now }: Scene, before: readonly Held[]): Promise<void> {
  const timers = new Map(before.map((held) => [held.node, held.timers]));
  const end = now() + quietWithinMs;
  let after = await readAll(fleet);
  while (after.some((held) => held.timers > (timers.get(held.node) ?? 0) + timersMoreMax) && now() < end) {
    await pause(lookEveryMs);
    after = await readAll(fleet);
  }
  for (const held of after) history.record({ line: "baseline", at: now(), when: "after", ...held });
}

function readAll(fleet: Fleet): Promise<readonly Held[]> {
  return Promise.all(fleet.nodes.map(readBaseline));
}

async function readBaseline(node: FleetNode): Promise<Held> {
  const { resources, heapUsedBytes } = await node.inspect();
  const held = (kind: string): number => resources[kind] ?? 0;
  return {
    node: node.name,
    role: node.role,
    sockets: held("TCPSocketWrap") - (await countLasting(node)),
    timers: held("Timeout"),
    memoryBytes: heapUsedBytes,
    // Both are the coroner's business, who knows what was meant.
    unexpectedExits: 0,
    unhandledRejections: 0,
  };
}

/** Connections that are opened when they are first needed, and then kept: links, and the pool of the store's driver. */
async function countLasting({ role, front, store, metrics }: FleetNode): Promise<number> {
  if (role === "gateway") return (await metrics()).get("parley_gateway_links") ?? 0;
  return (store?.connections ?? 0) + (front?.connections ?? 0);
}
