import type { Cluster, NodeInfo, Placement } from "@parley/cluster";
import type { UserId } from "@parley/protocol";
import type { ChatUser, Users } from "../session/users.ts";

/** Moves of claims under way at once. */
export const movesMax = 64;
/** Devices that came while their user was moving are sent after the others for so long, ms. */
const strayMs = 10_000;
/** A session is not sent away again sooner: the first word may still be on its way. */
const againMs = 1_000;

export interface HandOverOptions {
  readonly cluster: Cluster;
  readonly users: Users;
  readonly self: () => Placement;
}

/**
 * Sends users to another chat server under their open sockets: first the claim is moved, in one step, so that whichever
 * gateway asks finds the new place; then every device is told to attach anew. Nothing is lost by it, since the gateway
 * attaches with its own cursors and sends open requests again. **Repeat**: harmless.
 */
export class HandOvers {
  private readonly options: HandOverOptions;
  private readonly moved = new Map<UserId, number>();
  /** When each session that is on its way out was told, by the session itself: monotonic ms. */
  private readonly toldAt = new WeakMap<object, number>();

  constructor(options: HandOverOptions) {
    this.options = options;
  }

  /**
   * Resolves to the server that holds the user now: `to`, or another that had claimed the user.
   * **Errors**: RegistryError when out of reach; nothing has moved then.
   */
  async handOver(user: UserId, to: Pick<NodeInfo, "node" | "epoch">): Promise<Placement> {
    const { cluster, users, self } = this.options;
    const standing = await cluster.directory.move(user, self(), { node: to.node, epoch: to.epoch });
    if (standing.node === self().node) return standing;
    this.moved.set(user, performance.now());
    this.sendAway(users.find(user));
    return standing;
  }

  /** Tells every device of the user to attach anew, unless it was told just now. */
  sendAway(owner: ChatUser | undefined): void {
    const now = performance.now();
    for (const session of owner?.sessions ?? []) {
      const toldAt = this.toldAt.get(session);
      if (toldAt !== undefined && now - toldAt < againMs) continue;
      this.toldAt.set(session, now);
      session.link.send({ type: "reattach", attachment: session.attachment });
    }
  }

  /** Some device of the user is here that was not told to go, or was and is still here some time later. */
  isDue(owner: ChatUser): boolean {
    const before = performance.now() - againMs;
    return [...owner.sessions].some((session) => (this.toldAt.get(session) ?? Number.NEGATIVE_INFINITY) < before);
  }

  isLeaving(user: UserId): boolean {
    return this.moved.has(user);
  }

  /** Sessions here that were told to go. */
  get leaving(): number {
    let count = 0;
    for (const user of this.moved.keys()) {
      for (const session of this.options.users.find(user)?.sessions ?? []) if (this.toldAt.has(session)) count += 1;
    }
    return count;
  }

  /** A device may have asked for its place just before its user moved, and come here after: it is sent on. */
  async followUp(): Promise<void> {
    const { cluster, users, self } = this.options;
    const now = performance.now();
    for (const [user, at] of [...this.moved]) {
      if (now - at > strayMs) {
        this.moved.delete(user);
        continue;
      }
      const owner = users.find(user);
      if (owner === undefined || now - at < againMs) continue;
      const holder = await cluster.directory.find(user);
      if (holder === undefined || holder.node === self().node) this.moved.delete(user);
      else this.sendAway(owner);
    }
  }
}
