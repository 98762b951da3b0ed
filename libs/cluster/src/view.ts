import type { ClusterView, NodeId, NodeInfo } from "./registry.ts";

/** What one look at the registry showed of one node. */
export type Sighting =
  | { readonly kind: "alive"; readonly info: NodeInfo }
  /** It said goodbye: gone at once, whatever the limits. */
  | { readonly kind: "left"; readonly node: NodeId }
  /** Its lease ran out. */
  | { readonly kind: "expired"; readonly node: NodeId };

export interface ViewStep {
  readonly view: ClusterView;
  /** Nodes that this step dropped because their lease ran out. */
  readonly dropped: readonly NodeInfo[];
}

export interface ViewRules {
  /**
   * False while what is missing proves nothing: the registry was out of reach or came back empty less than a lease ago,
   * so that living nodes may not have beaten yet. Then nobody is dropped, and the view is not complete.
   */
  readonly isSettled: boolean;
}

export const emptyView: ClusterView = { version: 0, nodes: [], isComplete: false };

/**
 * The next view after one look at the registry. Pure. A node that is not sighted at all counts as expired. Per step at
 * most a third (at least one) of the nodes of a role are dropped for an expired lease: a fault of the registry
 * looks like the death of everyone, and the next steps take the rest if they are really gone.
 * `version` grows only when membership, state, address, weight or epoch changed; the load is always the newest.
 */
export function nextView(previous: ClusterView, sightings: Iterable<Sighting>, rules: ViewRules): ViewStep {
  const alive = new Map<NodeId, NodeInfo>();
  const left = new Set<NodeId>();
  for (const sighting of sightings) {
    if (sighting.kind === "alive") alive.set(sighting.info.node, sighting.info);
    else if (sighting.kind === "left") left.add(sighting.node);
  }
  const missing = previous.nodes.filter(({ node }) => !alive.has(node) && !left.has(node));
  const dropped = rules.isSettled ? chooseDropped(previous.nodes, missing) : [];
  const droppedNodes = new Set(dropped.map(({ node }) => node));
  const kept = missing.filter(({ node }) => !droppedNodes.has(node));
  const nodes = [...alive.values(), ...kept].sort((a, b) => (a.node < b.node ? -1 : 1));
  const version = isSameMembership(previous.nodes, nodes) ? previous.version : previous.version + 1;
  return { view: { version, nodes, isComplete: rules.isSettled }, dropped };
}

/** The registry is out of reach: everything stays as it was last seen. */
export function freezeView(previous: ClusterView): ClusterView {
  return previous.isComplete ? { ...previous, isComplete: false } : previous;
}

function chooseDropped(before: readonly NodeInfo[], missing: readonly NodeInfo[]): NodeInfo[] {
  const counts = new Map<string, number>();
  for (const { role } of before) counts.set(role, (counts.get(role) ?? 0) + 1);
  const room = new Map([...counts].map(([role, count]) => [role, Math.max(1, Math.floor(count / 3))]));
  const dropped: NodeInfo[] = [];
  // In the order of node ids, so that all observers choose the same ones.
  for (const info of missing) {
    const left = room.get(info.role) ?? 0;
    if (left === 0) continue;
    room.set(info.role, left - 1);
    dropped.push(info);
  }
  return dropped;
}

function isSameMembership(before: readonly NodeInfo[], after: readonly NodeInfo[]): boolean {
  if (before.length !== after.length) return false;
  return before.every((a, index) => {
    const b = after[index];
    return (
      b !== undefined &&
      a.node === b.node &&
      a.epoch === b.epoch &&
      a.state === b.state &&
      a.address === b.address &&
      a.process === b.process &&
      a.weight === b.weight &&
      a.role === b.role
    );
  });
}
