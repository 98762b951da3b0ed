import { hash53 } from "./hash.ts";

/** Name of one process, as in the cluster's view. */
export type RingNodeId = string;

export interface RingNode {
  readonly node: RingNodeId;
  /** Share of the keys relative to the other nodes: above 0, at most 16. 1 is a plain node. */
  readonly weight: number;
}

/**
 * Points on the ring for a node of weight 1. The share of a node has a relative deviation of about 1/√points, 6 % with
 * 256: the fullest of up to 64 equal nodes stays below 1.25 × the mean (the property test holds it), which is also the
 * default bound of placement. More points cost build time only (a lookup is a binary search).
 */
export const pointsByWeight = 256;

const weightMax = 16;

/** A consistent-hash ring: immutable, pure, the same in every process for the same set of nodes. */
export interface Ring {
  /** Sorted by node id, each once. */
  readonly nodes: readonly RingNode[];
  /**
   * The node that the key belongs to; undefined only for an empty ring. When a node joins, keys move only to it; when
   * one leaves, only its keys move.
   */
  home(key: string): RingNodeId | undefined;
  /** All nodes, each once, in the order in which they follow the key on the ring; the first is its home. */
  walk(key: string): Iterable<RingNode>;
  /** The part of the hash space that the node is home of, 0..1; 0 for a stranger. */
  share(node: RingNodeId): number;
}

/**
 * Builds a ring. The order of the list does not matter. **Cost**: some 0.5 µs a point (one hash and its part of the sort);
 * keep the ring for as long as the view has the same version, see {@link createRingCache}.
 * **Errors**: RangeError for a weight out of range or a node named twice.
 * **Source**: Karger et al., "Consistent hashing and random trees", STOC 1997.
 */
export function createRing(nodes: readonly RingNode[]): Ring {
  const sorted = [...nodes].sort((a, b) => (a.node < b.node ? -1 : a.node > b.node ? 1 : 0));
  for (const [index, { node, weight }] of sorted.entries()) {
    if (!(weight > 0 && weight <= weightMax)) {
      throw new RangeError(`The weight of node ${node} must be above 0 and at most ${weightMax}, not ${weight}.`);
    }
    if (sorted[index + 1]?.node === node) throw new RangeError(`Node ${node} is on the ring twice.`);
  }
  const { points, owners } = layPoints(sorted);
  const shares = measureShares(points, owners, sorted.length);

  /** Index of the first point at or after the key's hash; the ring closes behind the last. */
  function pointOf(key: string): number {
    const hash = hash53(key);
    let low = 0;
    let high = points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((points[middle] ?? 0) < hash) low = middle + 1;
      else high = middle;
    }
    return low === points.length ? 0 : low;
  }

  function ownerAt(point: number): RingNode | undefined {
    return sorted[owners[point] ?? -1];
  }

  return {
    nodes: sorted,
    home: (key) => ownerAt(pointOf(key))?.node,
    *walk(key) {
      const seen = new Uint8Array(sorted.length);
      let left = sorted.length;
      for (let point = pointOf(key); left > 0; point = point + 1 === points.length ? 0 : point + 1) {
        const owner = owners[point] ?? 0;
        if (seen[owner] === 1) continue;
        seen[owner] = 1;
        left -= 1;
        const node = sorted[owner];
        if (node !== undefined) yield node;
      }
    },
    share(node) {
      return shares[sorted.findIndex((candidate) => candidate.node === node)] ?? 0;
    },
  };
}

/** The points of all nodes in ascending order, and for each the index of its node. */
function layPoints(nodes: readonly RingNode[]): { points: Float64Array; owners: Uint16Array } {
  const laid: { point: number; owner: number }[] = [];
  for (const [owner, { node, weight }] of nodes.entries()) {
    const count = Math.max(1, Math.round(weight * pointsByWeight));
    for (let i = 0; i < count; i += 1) laid.push({ point: hash53(`${node}#${i}`), owner });
  }
  // Two nodes on one point: the lower node id has it, in every process.
  laid.sort((a, b) => a.point - b.point || a.owner - b.owner);
  const points = new Float64Array(laid.length);
  const owners = new Uint16Array(laid.length);
  for (const [index, { point, owner }] of laid.entries()) {
    points[index] = point;
    owners[index] = owner;
  }
  return { points, owners };
}

function measureShares(points: Float64Array, owners: Uint16Array, count: number): Float64Array {
  const shares = new Float64Array(count);
  let before = (points.at(-1) ?? 0) - 2 ** 53;
  for (const [index, point] of points.entries()) {
    const owner = owners[index] ?? 0;
    shares[owner] = (shares[owner] ?? 0) + (point - before) / 2 ** 53;
    before = point;
  }
  return shares;
}
