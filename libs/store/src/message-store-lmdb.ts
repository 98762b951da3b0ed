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
import { type OpenJournalFile, openBlockingJournalFile, openJournalFile } from "./journal/journal-file.ts";
import { Appends } from "./lmdb/appends.ts";
import { advanceSummary, findSummary, type SummaryChange } from "./lmdb/channels.ts";
import { Commits } from "./lmdb/commits.ts";
import { applyEffect } from "./lmdb/effects.ts";
import { findAbove, hasEvent, headOf, type Log, pageAfter, pageBefore, readEvent, requestSeq } from "./lmdb/log.ts";
import { type OpenFolder, openFolder } from "./lmdb/open-folder.ts";
import { Overlay } from "./lmdb/overlay.ts";
import type { Tables } from "./lmdb/tables.ts";
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
  /** Folder of the data files; made when missing. One store at a time may have it open. */
  readonly path: string;
  /** Counts entries touched, for tests of cost. */
  readonly onTouch?: (entries: number) => void;
  /** How long an event stays in the journal alone, when there are few; default 250 ms. */
  readonly drainMs?: number;
  /** Nothing but this store lives in the process: a write to the journal may block it while the disk is quick. Default false. */
  readonly isAlone?: boolean;
  /** For tests: a journal on a disk that fails. */
  readonly openFile?: OpenJournalFile;
}

/** In the overlay, and as much again of appends that wait for room in it: some 100 MiB in all. */
const bounds = { eventsMax: 20_000, bytesMax: 32 * 1024 * 1024 } as const;

/**
 * The embedded store: LMDB, durable on one machine, with a journal before it that appends are acked from.
 *
 * **Durability**: an append resolves when its write to the journal is on the disk, and is in LMDB up to a second
 * later; every other write resolves after LMDB's flush, behind all that the journal has of the channel that it is about. Nothing is visible
 * before it is durable: not what is being journaled, nor a commit before its flush, since LMDB writes its meta page last
 * (`overlappingSync` would show commits before the flush, which rule 3 forbids). Appends that come while a write is under
 * way share the next one, whatever their channels; so do other writes with LMDB's commits.
 * **After a crash** the journal is played into LMDB at the next opening, before anything is served.
 * **Processes**: one. Another opener is refused; what a killed process leaves behind stops nobody.
 * **Bounds**: 20,000 events or 32 MiB that LMDB does not have yet; then appends wait for its next commit, as much again,
 * and are `unavailable` beyond, or when that commit fails.
 * **Errors**: {@link StoreError} `unavailable` when the folder can't be opened, is in use, or its journal is damaged.
 */
export async function openLmdbStore(options: LmdbStoreOptions): Promise<MessageStore> {
  const { path, onTouch, drainMs = 250, isAlone = false } = options;
  const { openFile = isAlone ? openBlockingJournalFile : openJournalFile } = options;
  try {
    return new LmdbStore(await openFolder(path, openFile, onTouch), drainMs);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError("unavailable", `the store's folder ${path} can't be opened`, { cause: error });
  }
}

class LmdbStore implements MessageStore {
  readonly #folder: OpenFolder;
  readonly #log: Log;
  readonly #commits: Commits;
  readonly #appends: Appends;
  #closing: Promise<void> | undefined;

  constructor(folder: OpenFolder, drainMs: number) {
    const { tables, journal } = folder;
    const overlay = new Overlay(tables, bounds);
    this.#folder = folder;
    this.#log = { tables, overlay };
    this.#commits = new Commits(tables, overlay, drainMs, {
      onDrained: (number) => {
        journal.drainedTo(number);
        this.#appends.admit();
      },
      onFailed: (error) => this.#appends.refuseWaiting(error),
    });
    this.#appends = new Appends({
      tables,
      overlay,
      journal,
      bounds,
      onDurable: () => this.#commits.wake(),
      onFull: () => this.#commits.hurry(),
    });
  }

  async append(channel: ChannelId, events: readonly LogEvent[]): Promise<AppendOutcome> {
    this.#mustBeOpen();
    mustBeRun(channel, events);
    return this.#appends.append(channel, events);
  }

  async readAfter(channel: ChannelId, after: Seq, limit: ReadLimit): Promise<LogPage> {
    mustBeChannel(channel);
    mustBeSeq(after, 0);
    const checked = mustBeLimit(limit);
    return this.#read((log) => pageAfter(log, channel, after, checked));
  }

  async readBefore(channel: ChannelId, before: Seq, limit: ReadLimit): Promise<LogPage> {
    mustBeChannel(channel);
    mustBeSeq(before, 0);
    const checked = mustBeLimit(limit);
    return this.#read((log) => pageBefore(log, channel, before, checked));
  }

  async readAt(channel: ChannelId, seqs: readonly Seq[]): Promise<readonly StoredEvent[]> {
    mustBeChannel(channel);
    mustBeSeqs(seqs);
    return this.#read((log) => seqs.flatMap((seq) => readEvent(log, channel, seq) ?? []));
  }

  async findByRequest(channel: ChannelId, sender: UserId, id: RequestId): Promise<StoredEvent | undefined> {
    mustBeChannel(channel);
    mustBeUser(sender);
    mustBeRequest(id);
    return this.#read((log) => {
      const seq = requestSeq(log, channel, sender, id);
      return seq === undefined ? undefined : readEvent(log, channel, seq);
    });
  }

  async head(channel: ChannelId): Promise<Seq> {
    mustBeChannel(channel);
    return this.#read((log) => headOf(log, channel));
  }

  async heads(channels: readonly ChannelId[]): Promise<ReadonlyMap<ChannelId, Seq>> {
    for (const channel of channels) mustBeChannel(channel);
    return this.#read((log) => new Map(channels.map((channel) => [channel, headOf(log, channel)])));
  }

  async findGrown(cursors: ReadonlyMap<ChannelId, Seq>): Promise<readonly ChannelId[]> {
    for (const [channel, cursor] of cursors) {
      mustBeChannel(channel);
      mustBeSeq(cursor, 0);
    }
    return this.#read((log) =>
      [...cursors].flatMap(([channel, cursor]) => (hasEvent(log, channel, cursor + 1) ? [channel] : [])),
    );
  }

  async findAboveHole(channel: ChannelId, head: Seq): Promise<Seq | undefined> {
    mustBeChannel(channel);
    mustBeSeq(head, 0);
    return this.#read((log) => findAbove(log, channel, head));
  }

  async applyEffects(channel: ChannelId, effects: readonly OriginEffect[], upTo: Seq): Promise<void> {
    mustBeChannel(channel);
    mustBeEffects(effects, upTo);
    return this.#write((tables) => {
      for (const effect of effects) applyEffect(tables, channel, effect);
      advanceSummary(tables, channel, { applied: upTo });
    }, channel);
  }

  async readSummaries(channels: readonly ChannelId[]): Promise<ReadonlyMap<ChannelId, ChannelSummary>> {
    for (const channel of channels) mustBeChannel(channel);
    return this.#read((log) => {
      const found = new Map<ChannelId, ChannelSummary>();
      for (const channel of channels) {
        const summary = findSummary(log, channel);
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
    return this.#read(({ tables }) => userIndex(tables, user));
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
    this.#read((log) => headOf(log, "ping"));
  }

  /**
   * Waits for what is under way and takes everything to LMDB: the journal is empty then. **Errors**: {@link StoreError}
   * where LMDB takes nothing in; the store is closed even so, and the journal keeps it for the next opening.
   */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    const { journal } = this.#folder;
    try {
      await this.#appends.idle();
      await this.#commits.drain();
      await journal.empty();
    } finally {
      this.#commits.stop();
      await this.#folder.close();
    }
  }

  #mustBeOpen(): void {
    if (this.#closing !== undefined) throw new StoreError("unavailable", "the store is closed");
  }

  /** One snapshot, taken now: without the reset LMDB would go on with the one of this turn of the event loop. */
  #read<T>(action: (log: Log) => T): T {
    this.#mustBeOpen();
    try {
      this.#log.tables.refresh();
      return action(this.#log);
    } catch (error) {
      throw new StoreError("unavailable", "the embedded store could not be read", { cause: error });
    }
  }

  /** `needs`: the channel whose events the action must find in the tables. */
  async #write<T>(action: (tables: Tables) => T, needs?: ChannelId): Promise<T> {
    this.#mustBeOpen();
    return this.#commits.run(() => action(this.#log.tables), needs);
  }
}
