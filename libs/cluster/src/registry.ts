import type { UserId } from "@parley/protocol";

/** Name of one process; unique in the fleet, `[A-Za-z0-9_-]{1,64}`. */
export type NodeId = string;
export type NodeRole = "gateway" | "chat-server" | "presence";
export type NodeState = "up" | "draining";

export interface NodeLoad {
  readonly sessions: number;
  readonly eventLoopDelayMs: number;
  /** CPU used since the last beat, 1 = one core. */
  readonly cpu: number;
  /** Client requests that are not answered yet, where the node counts them. */
  readonly openRequests?: number;
}

/** How a drain began; how far it is stands in the load. */
export interface DrainInfo {
  /** ms since 1970. */
  readonly since: number;
  /** Sessions when it began; those that are left are `load.sessions`. */
  readonly sessionsAtBegin: number;
}

export interface NodeInfo {
  readonly node: NodeId;
  readonly role: NodeRole;
  /** Start of this incarnation: grows with every (re)start and with every lease that was lost and taken anew. */
  readonly epoch: number;
  /** chat-server: link address `tcp://host:port` or `unix:///path`, or `local:<node>` in-process. gateway: its ws:// URL. */
  readonly address: string;
  /** Gateways prefer the chat server of their own process when this matches. */
  readonly process: string;
  readonly weight: number;
  readonly state: NodeState;
  readonly load: NodeLoad;
  /** Only while `state` is "draining". */
  readonly drain?: DrainInfo;
}

export interface ClusterView {
  /** Grows with each change of membership or state (not with load). Counts this observer's views only: a key for
   *  caches, not comparable between processes. */
  readonly version: number;
  /** Sorted by node id. */
  readonly nodes: readonly NodeInfo[];
  /** False while the registry is out of reach: the view is frozen as it last was. Also false for one lease after it has
   *  come back, or was seen empty: what is missing then may only be late. */
  readonly isComplete: boolean;
}

/**
 * Who is there. A node holds a lease (heartbeat 1 s, lease 3 s by default). A lease is not a lock: the store refuses a
 * zombie. While the registry is out of reach the view is **frozen**, and no step drops more than a third of the nodes
 * of one role (at least one) at once, unless they left by themselves.
 */
export interface Registry {
  /** Announces this node. **Errors**: RegistryError when out of reach (the outcome is then unknown; should the node
   *  have got in, it is gone after one lease); RangeError for a name that is none. */
  join(node: Omit<NodeInfo, "epoch">): Promise<Lease>;
  view(): ClusterView;
  /** Called after every change of the version or of `isComplete`. */
  onView(listener: (view: ClusterView) => void): () => void;
  /**
   * Asks a node, wherever it is, to drain. Resolves to the epoch of the incarnation that was asked, or to undefined where
   * no node of that name holds a lease. The wish lies beside the lease: the node hears of it at once or with its next
   * heartbeat, also when pub/sub loses the hint, and the wish ends with the incarnation. **Repeat**: the same wish.
   * **Errors**: RegistryError when out of reach (the outcome is then unknown). A registry that loses its memory before
   * the node has beaten forgets the wish: what the view shows is what counts.
   */
  askDrain(node: NodeId): Promise<number | undefined>;
  close(): Promise<void>;
}

export interface Lease {
  readonly node: NodeId;
  readonly epoch: number;
  /** Carried by the next heartbeat (state changes are sent at once; out of reach, by the first that gets through). */
  update(change: { readonly load?: NodeLoad; readonly state?: NodeState; readonly drain?: DrainInfo }): Promise<void>;
  /** The lease ran out before it was renewed, and somebody may have acted on it (this process stood still, or it alone
   *  was cut off from the registry): whoever owns by lease must forget what it owns before the next append. The lease is
   *  then taken anew with a new epoch. An outage of the registry for everyone loses no lease. */
  onLost(listener: (newEpoch: number) => void): () => void;
  /** Somebody asked this incarnation to drain (see {@link Registry.askDrain}). Called once, and at once where it was
   *  asked before. */
  onDrainAsked(listener: () => void): () => void;
  /** Says goodbye; out of reach, the lease runs out instead. **Repeat**: a second call does nothing. */
  leave(): Promise<void>;
}

export interface Placement {
  readonly node: NodeId;
  readonly epoch: number;
}

/**
 * user → the chat server that holds the user's session, while one lives; the first claim wins, so that all devices of
 * a user meet on one server. A claim ends with the user's last presence entry under it, and an entry of a user without
 * a claim makes one. **Errors**: RegistryError when out of reach (callers then fall back to the ring).
 */
export interface Directory {
  /** The claim that stands after this call: an earlier one whose node and epoch still hold their lease, or this one. */
  claim(user: UserId, wanted: Placement): Promise<Placement>;
  find(user: UserId): Promise<Placement | undefined>;
  /**
   * Hands the user from one server to another, in one step, so that no device can claim a third in between. Resolves to
   * the claim that stands after it: `to`, or that of somebody else where `from` was not the holder (then nothing was
   * changed); a user without a claim is claimed for `to`.
   */
  move(user: UserId, from: Placement, to: Placement): Promise<Placement>;
  /** Removes the claim if it still is this one. */
  release(user: UserId, held: Placement): Promise<void>;
}

export interface Connection {
  /** Unique for one socket. */
  readonly connection: string;
  readonly device: string;
  readonly gateway: NodeId;
  /** The chat server and epoch under whose lease this entry lives. */
  readonly node: NodeId;
  readonly epoch: number;
  /** ms since 1970. */
  readonly since: number;
}

export interface UserPresence {
  readonly user: UserId;
  /** Only connections whose node's lease lives. */
  readonly connections: readonly Connection[];
  /** ms; when the last connection went, if any was ever seen. */
  readonly lastSeen?: number;
}

/**
 * One entry a connection, under the lease of its node (rule 21): costs nothing a user a second, and a server that died
 * takes its users offline by itself. **Errors**: RegistryError when out of reach; a `put` or `remove` that rejected is
 * made up for by itself once the registry is back, and so is everything this process has put when the registry comes
 * back without its memory.
 */
export interface PresenceRegistry {
  put(user: UserId, connection: Connection): Promise<void>;
  /** Removes that connection only, and sets `lastSeen`. */
  remove(user: UserId, connection: string, at: number): Promise<void>;
  query(users: readonly UserId[]): Promise<ReadonlyMap<UserId, UserPresence>>;
  /** Everyone online, in an order that is stable while nobody comes or goes; each user once a walk. */
  online(
    cursor: string | undefined,
    limit: number,
  ): Promise<{ readonly users: readonly UserPresence[]; readonly cursor?: string }>;
  /**
   * Removes what dead incarnations of nodes left behind; their users' `lastSeen` becomes `at` (ms since 1970). Resolves
   * to the number of users touched. **Repeat**: harmless, from several processes too; the presence process does it.
   */
  reap(at: number): Promise<number>;
}

/** The coordination of one fleet, as one thing to pass around. */
export interface Cluster {
  readonly registry: Registry;
  readonly directory: Directory;
  readonly presence: PresenceRegistry;
  close(): Promise<void>;
}

export class RegistryError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RegistryError";
  }
}
