import type { ChannelId } from "@parley/protocol";

/** A channel that some session of this gateway follows: one object and one copy of the name for all of them. */
export interface ChannelRef {
  readonly id: ChannelId;
  /** Sessions that follow it. */
  followers: number;
}

/**
 * The channels of all sessions of one gateway, each once. Names come fresh from every link frame; without this table
 * each session would hold its own copy, some 40 bytes a channel.
 */
export class ChannelTable {
  readonly #refs = new Map<ChannelId, ChannelRef>();

  get size(): number {
    return this.#refs.size;
  }

  /** Undefined when no session follows the channel. */
  find(id: ChannelId): ChannelRef | undefined {
    return this.#refs.get(id);
  }

  /** One more follower. Each call is undone by one {@link release}. */
  hold(id: ChannelId): ChannelRef {
    let ref = this.#refs.get(id);
    if (ref === undefined) {
      ref = { id, followers: 0 };
      this.#refs.set(id, ref);
    }
    ref.followers += 1;
    return ref;
  }

  release(ref: ChannelRef): void {
    ref.followers -= 1;
    if (ref.followers === 0) this.#refs.delete(ref.id);
  }
}
