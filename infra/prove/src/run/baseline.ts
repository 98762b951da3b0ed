import type { HistoryLine, Scene } from "@parley/simulator";
import type { Fleet } from "../fleet/fleet.ts";
import type { FleetNode } from "../fleet/node.ts";

type Baseline = Extract<HistoryLine, { line: "baseline" }>;

/** C10: what each node holds while nothing is asked of it. */
export async function recordBaselines(
  fleet: Fleet,
  when: Baseline["when"],
  { history, now }: Pick<Scene, "history" | "now">,
): Promise<void> {
  const read = await Promise.all(fleet.nodes.map(readBaseline));
  for (const baseline of read) history.record({ line: "baseline", at: now(), when, ...baseline });
}

async function readBaseline(node: FleetNode): Promise<Omit<Baseline, "line" | "at" | "when">> {
  const { resources, heapUsedBytes } = await node.inspect();
  const held = (kind: string): number => resources[kind] ?? 0;
  return {
    node: node.name,
    role: node.role,
    // The driver's pool opens connections to the store as it needs them, within its bound, and keeps them.
    sockets: held("TCPSocketWrap") - (node.store?.connections ?? 0),
    timers: held("Timeout"),
    memoryBytes: heapUsedBytes,
    // Both are the coroner's business, who knows what was meant.
    unexpectedExits: 0,
    unhandledRejections: 0,
  };
}
