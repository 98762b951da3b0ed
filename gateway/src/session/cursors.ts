import type { ChannelId, Seq } from "@parley/protocol";
import type { ChannelRef, ChannelTable } from "./channel-table.ts";

/** Up to so many channels a scan of a packed list beats a map, and takes a fifth of its memory. */
const scanMax = 24;

const none: readonly never[] = [];

/**
 * The cursors of one socket: by channel the last seq that was written to it. The only ones there are (rule 14): a
 * hand-over between chat servers passes none. Two packed lists, since ten thousand idle sockets hold one each.
 */
export class Cursors {
  #refs: ChannelRef[] | readonly never[] = none;
  #seqs: Seq[] = [];
  #places: Map<ChannelRef, number> | undefined;

  get size(): number {
    return this.#refs.length;
  }

  /** Undefined for a channel that the session does not follow. */
  get(ref: ChannelRef): Seq | undefined {
    const place = this.#placeOf(ref);
    return place < 0 ? undefined : this.#seqs[place];
  }

  /** Moves the cursor of a channel that is followed; does nothing for another. */
  set(ref: ChannelRef, seq: Seq): void {
    const place = this.#placeOf(ref);
    if (place >= 0) this.#seqs[place] = seq;
  }

  /** Follows a channel from `seq`, or moves its cursor. */
  follow(table: ChannelTable, channel: ChannelId, seq: Seq): void {
    const known = table.find(channel);
    const place = known === undefined ? -1 : this.#placeOf(known);
    if (place >= 0) {
      this.#seqs[place] = seq;
      return;
    }
    const ref = table.hold(channel);
    // Copied to size: a list that grew by push keeps room for 17 entries.
    this.#refs = [...this.#refs, ref];
    this.#seqs = [...this.#seqs, seq];
    if (this.#places !== undefined) this.#places.set(ref, this.#refs.length - 1);
    else if (this.#refs.length > scanMax) this.#index();
  }

  /** Follows exactly these channels: for a new session. */
  start(table: ChannelTable, entries: readonly (readonly [ChannelId, Seq])[]): void {
    const unique = new Map(entries);
    const refs = Array.from(unique.keys(), (channel) => table.hold(channel));
    const seqs = Array.from(unique.values());
    this.releaseAll(table);
    this.#refs = refs;
    this.#seqs = seqs;
    if (refs.length > scanMax) this.#index();
  }

  /** Forgets a channel; its later events are not this session's. */
  drop(table: ChannelTable, channel: ChannelId): void {
    const ref = table.find(channel);
    const place = ref === undefined ? -1 : this.#placeOf(ref);
    if (ref === undefined || place < 0) return;
    this.#refs = this.#refs.toSpliced(place, 1);
    this.#seqs = this.#seqs.toSpliced(place, 1);
    if (this.#places !== undefined) this.#index();
    table.release(ref);
  }

  releaseAll(table: ChannelTable): void {
    for (const ref of this.#refs) table.release(ref);
    this.#refs = none;
    this.#seqs = [];
    this.#places = undefined;
  }

  /** As they travel in `attach`. */
  entries(): (readonly [ChannelId, Seq])[] {
    return this.#refs.map((ref, place) => [ref.id, this.#seqs[place] ?? 0] as const);
  }

  #placeOf(ref: ChannelRef): number {
    if (this.#places !== undefined) return this.#places.get(ref) ?? -1;
    const refs: readonly ChannelRef[] = this.#refs;
    return refs.indexOf(ref);
  }

  #index(): void {
    this.#places = this.#refs.length > scanMax ? new Map(this.#refs.map((ref, place) => [ref, place])) : undefined;
  }
}
