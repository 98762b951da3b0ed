import type { ChannelId, RequestId, Seq, UserId } from "@parley/protocol";
import {
  mustBeChannel,
  mustBeEffects,
  mustBeLimit,
  mustBeRequest,
  mustBeRun,
  mustBeSeq,
  mustBeSeqs,
  mustBeUser,
} from "./checks.ts";
import { advanceSummary, findSummary, type SummaryChange } from "./lmdb/channels.ts";
import { applyEffect } from "./lmdb/effects.ts";
import { appendRun, findAbove, hasEvent, headOf, pageAfter, pageBefore, readEvent, requestSeq } from "./lmdb/log.ts";
import { openTables, type Tables } from "./lmdb/tables.ts";
import { markReads, markUser, userIndex } from "./lmdb/users.ts";
import type {
  AppendOutcome,
  ChannelSummary,
  LogEvent,
  LogPage,
  MessageStore,
  OriginEffect,
  ReadLimit,
  StoredEvent,
  UserIndex,
} from "./message-store.ts";
import { StoreError } from "./message-store.ts";

export interface LmdbStoreOptions {
  /** Folder of the data files; made when missing. Several processes of one machine may have it open at once. */
  readonly path: string;
  /** Counts entries touched, for tests of cost. */
  readonly onTouch?: (entries: number) => void;
}

/**
 * The embedded store: LMDB, durable on one machine.
 *
 * **Durability**: a write resolves after the flush; nothing is visible before it is durable, since LMDB writes its meta
 * page last (`overlappingSync` would show commits before the flush, which rule 3 forbids). Writes that come while a
 * commit is under way share the next one, whatever their channels.
 * **Processes**: the write lock and the snapshots are LMDB's own, so the unique keys hold between processes too.
 * **Errors**: {@link StoreError} `unavailable` when the folder can't be opened.
 */
export async function openLmdbStore(options: LmdbStoreOptions): Promise<MessageStore> {
  let tables: Tables;
  try {
    tables = await openTables(options.path, options.onTouch);
  } catch (error) {
    throw new StoreError("unavailable", `the store's folder ${options.path} can't be opened`, { cause: error });
  }
  return new LmdbStore(tables);
}

class LmdbStore implements MessageStore {
  readonly #tables: Tables;
  #isClosed = false;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  async append(channel: ChannelId, events: readonly LogEvent[]): Promise<AppendOutcome> {
    mustBeRun(channel, events);
    return this.#write((tables) => appendRun(tables, channel, events));
  }

  async readAfter(channel: ChannelId, after: Seq, limit: ReadLimit): Promise<LogPage> {
    mustBeChannel(channel);
    mustBeSeq(after, 0);
    const checked = mustBeLimit(limit);
    return this.#read((tables) => pageAfter(tables, channel, after, checked));
  }

  async readBefore(channel: ChannelId, before: Seq, limit: ReadLimit): Promise<LogPage> {
    mustBeChannel(channel);
    mustBeSeq(before, 0);
    const checked = mustBeLimit(limit);
    return this.#read((tables) => pageBefore(tables, channel, before, checked));
  }

  async readAt(channel: ChannelId, seqs: readonly Seq[]): Promise<readonly StoredEvent[]> {
    mustBeChannel(channel);
    mustBeSeqs(seqs);
    return this.#read((tables) => seqs.flatMap((seq) => readEvent(tables, channel, seq) ?? []));
  }

  async findByRequest(channel: ChannelId, sender: UserId, id: RequestId): Promise<StoredEvent | undefined> {
    mustBeChannel(channel);
    mustBeUser(sender);
    mustBeRequest(id);
    return this.#read((tables) => {
      const seq = requestSeq(tables, channel, sender, id);
      return seq === undefined ? undefined : readEvent(tables, channel, seq);
    });
  }

  async head(channel: ChannelId): Promise<Seq> {
    mustBeChannel(channel);
    return this.#read((tables) => headOf(tables, channel));
  }

  async heads(channels: readonly ChannelId[]): Promise<ReadonlyMap<ChannelId, Seq>> {
    for (const channel of channels) mustBeChannel(channel);
    return this.#read((tables) => new Map(channels.map((channel) => [channel, headOf(tables, channel)])));
  }

  async findGrown(cursors: ReadonlyMap<ChannelId, Seq>): Promise<readonly ChannelId[]> {
    for (const [channel, cursor] of cursors) {
      mustBeChannel(channel);
      mustBeSeq(cursor, 0);
    }
    return this.#read((tables) =>
      [...cursors].flatMap(([channel, cursor]) => (hasEvent(tables, channel, cursor + 1) ? [channel] : [])),
    );
  }

  async findAboveHole(channel: ChannelId, head: Seq): Promise<Seq | undefined> {
    mustBeChannel(channel);
    mustBeSeq(head, 0);
    return this.#read((tables) => findAbove(tables, channel, head));
  }

  async applyEffects(channel: ChannelId, effects: readonly OriginEffect[], upTo: Seq): Promise<void> {
    mustBeChannel(channel);
    mustBeEffects(effects, upTo);
    return this.#write((tables) => {
      for (const effect of effects) applyEffect(tables, channel, effect);
      advanceSummary(tables, channel, { applied: upTo });
    });
  }

  async readSummaries(channels: readonly ChannelId[]): Promise<ReadonlyMap<ChannelId, ChannelSummary>> {
    for (const channel of channels) mustBeChannel(channel);
    return this.#read((tables) => {
      const found = new Map<ChannelId, ChannelSummary>();
      for (const channel of channels) {
        const summary = findSummary(tables, channel);
        if (summary !== undefined) found.set(channel, summary);
      }
      return found;
    });
  }

  async advanceSummaries(summaries: ReadonlyMap<ChannelId, SummaryChange>): Promise<void> {
    for (const channel of summaries.keys()) mustBeChannel(channel);
    return this.#write((tables) => {
      for (const [channel, change] of summaries) advanceSummary(tables, channel, change);
    });
  }

  async readUser(user: UserId): Promise<UserIndex> {
    mustBeUser(user);
    return this.#read((tables) => userIndex(tables, user));
  }

  async markIn(users: readonly UserId[], channel: ChannelId, seq: Seq): Promise<void> {
    for (const user of users) mustBeUser(user);
    mustBeChannel(channel);
    mustBeSeq(seq);
    return this.#write((tables) => {
      for (const user of users) markUser(tables, user, channel, { in: seq, out: 0 });
    });
  }

  async markOut(user: UserId, channel: ChannelId, seq: Seq): Promise<void> {
    mustBeUser(user);
    mustBeChannel(channel);
    mustBeSeq(seq);
    return this.#write((tables) => markUser(tables, user, channel, { in: 0, out: seq }));
  }

  async advanceReads(user: UserId, reads: ReadonlyMap<ChannelId, { seq: Seq; ordinal: number }>): Promise<void> {
    mustBeUser(user);
    for (const channel of reads.keys()) mustBeChannel(channel);
    return this.#write((tables) => markReads(tables, user, reads));
  }

  async ping(): Promise<void> {
    this.#read((tables) => headOf(tables, "ping"));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#tables.close();
  }

  /** One snapshot, taken now: without the reset LMDB would go on with the one of this turn of the event loop. */
  #read<T>(action: (tables: Tables) => T): T {
    if (this.#isClosed) throw new StoreError("unavailable", "the store is closed");
    try {
      this.#tables.refresh();
      return action(this.#tables);
    } catch (error) {
      throw new StoreError("unavailable", "the embedded store could not be read", { cause: error });
    }
  }

  async #write<T>(action: (tables: Tables) => T): Promise<T> {
    if (this.#isClosed) throw new StoreError("unavailable", "the store is closed");
    try {
      return await this.#tables.commit(() => action(this.#tables));
    } catch (error) {
      // A full disk or a failed flush: what the kernel has written is not known.
      throw new StoreError("unknown", "the embedded store could not commit", { cause: error });
    }
  }
}
