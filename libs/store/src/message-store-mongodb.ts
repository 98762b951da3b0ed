import type { ChannelId, RequestId, Seq, UserId } from "@parley/protocol";
import pLimit from "p-limit";
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
import { insertRun } from "./mongodb/append.ts";
import { advanceChannels, toSummary } from "./mongodb/channels.ts";
import { type ChannelDocument, type Collections, openCollections, type UserDocument } from "./mongodb/collections.ts";
import { fromDocument } from "./mongodb/documents.ts";
import { applyAll } from "./mongodb/effects.ts";
import { reading, writing } from "./mongodb/errors.ts";
import { JoinedAppends } from "./mongodb/joined-appends.ts";
import type { LogReader, OnTouch } from "./mongodb/log-reader.ts";
import { PointReader } from "./mongodb/log-reader-point.ts";
import { RangeReader } from "./mongodb/log-reader-range.ts";
import { pageAfter, pageBefore } from "./mongodb/pages.ts";
import { PointFinds } from "./mongodb/point-finds.ts";
import { PointUpdates } from "./mongodb/point-updates.ts";
import { markReads, markUsers, toUserIndex } from "./mongodb/users.ts";
import { Watermarks } from "./mongodb/watermarks.ts";

export interface MongoStoreOptions {
  readonly url: string;
  readonly database: string;
  /**
   * How logs are looked up; by what the server says it is when missing. A database stays with one: what was appended by
   * "range" has no claims, without which "point" finds no request.
   */
  readonly strategy?: "range" | "point";
  /** Most connections to each server; default 32. */
  readonly connectionsMax?: number;
  /** Longest wait for a server to write to, and for a free connection; default 2,000. */
  readonly selectionTimeoutMs?: number;
  /** Longest silence of a server that was asked something; default 10,000. */
  readonly answerTimeoutMs?: number;
  /** Counts documents of logs asked for, for tests of cost. */
  readonly onTouch?: OnTouch;
}

/** Point reads under way at a time, whoever asked; below `connectionsMax`, so that writes find a connection. */
const pointReadsMax = 16;
/** In one command: a snapshot has a line a member, a user's index one a channel. */
const channelsMax = 64;
const usersMax = 32;

/**
 * The store on a MongoDB replica set or sharded cluster, or on any server that speaks its wire protocol and knows
 * insert, find, update with `$set` and `$max`, and createIndexes.
 *
 * **Durability**: writes with majority and journal, reads with majority on the primary.
 * **Errors**: {@link StoreError} `unavailable` when no usable server answers in time; callers wait and try again.
 */
export async function openMongoStore(options: MongoStoreOptions): Promise<MessageStore> {
  const collections = await openCollections({
    url: options.url,
    database: options.database,
    connectionsMax: options.connectionsMax ?? 32,
    selectionTimeoutMs: options.selectionTimeoutMs ?? 2_000,
    answerTimeoutMs: options.answerTimeoutMs ?? 10_000,
  });
  return new MongoStore(collections, options);
}

class MongoStore implements MessageStore {
  readonly #collections: Collections;
  readonly #reader: LogReader;
  readonly #watermarks: Watermarks;
  readonly #isPoint: boolean;
  readonly #joined: JoinedAppends;
  readonly #channels: PointFinds<ChannelDocument>;
  readonly #users: PointFinds<UserDocument>;
  readonly #reads: PointUpdates<UserDocument>;
  #closing: Promise<void> | undefined;

  constructor(collections: Collections, options: MongoStoreOptions) {
    this.#collections = collections;
    this.#isPoint = (options.strategy ?? (collections.isPointOnly ? "point" : "range")) === "point";
    this.#joined = new JoinedAppends(collections);
    const onTouch = options.onTouch ?? (() => {});
    const limit = pLimit(pointReadsMax);
    this.#channels = new PointFinds(collections.channels, limit, channelsMax);
    this.#users = new PointFinds(collections.users, limit, usersMax);
    this.#reads = new PointUpdates(collections.users, collections.isPointOnly);
    this.#reader = this.#isPoint
      ? new PointReader(collections, this.#channels, limit, onTouch)
      : new RangeReader(collections.events, onTouch);
    this.#watermarks = new Watermarks(collections.channels, this.#channels, this.#reader);
  }

  async append(channel: ChannelId, events: readonly LogEvent[]): Promise<AppendOutcome> {
    mustBeRun(channel, events);
    const outcome = await this.#write(() =>
      this.#isPoint ? this.#joined.append(events) : insertRun(this.#collections, events),
    );
    const isIn = outcome.kind === "appended" ? events : events.slice(0, outcome.at);
    const [first, last] = [isIn[0], isIn.at(-1)];
    if (first !== undefined && last !== undefined) this.#watermarks.learn(channel, first.seq - 1, last.seq);
    return outcome;
  }

  async readAfter(channel: ChannelId, after: Seq, limit: ReadLimit): Promise<LogPage> {
    mustBeChannel(channel);
    mustBeSeq(after, 0);
    const checked = mustBeLimit(limit);
    return this.#read(() => pageAfter(this.#reader, this.#watermarks, channel, after, checked));
  }

  async readBefore(channel: ChannelId, before: Seq, limit: ReadLimit): Promise<LogPage> {
    mustBeChannel(channel);
    mustBeSeq(before, 0);
    const checked = mustBeLimit(limit);
    return this.#read(() => pageBefore(this.#reader, this.#watermarks, channel, before, checked));
  }

  async readAt(channel: ChannelId, seqs: readonly Seq[]): Promise<readonly StoredEvent[]> {
    mustBeChannel(channel);
    mustBeSeqs(seqs);
    if (seqs.length === 0) return [];
    const found = await this.#read(() => this.#reader.at(channel, seqs));
    const bySeq = new Map(found.map((document) => [document.seq, document]));
    return seqs.flatMap((seq) => {
      const document = bySeq.get(seq);
      return document === undefined ? [] : [fromDocument(document)];
    });
  }

  async findByRequest(channel: ChannelId, sender: UserId, id: RequestId): Promise<StoredEvent | undefined> {
    mustBeChannel(channel);
    mustBeUser(sender);
    mustBeRequest(id);
    const document = await this.#read(() => this.#reader.findByRequest(channel, sender, id));
    return document === undefined ? undefined : fromDocument(document);
  }

  async head(channel: ChannelId): Promise<Seq> {
    mustBeChannel(channel);
    return this.#read(() => this.#watermarks.head(channel));
  }

  async heads(channels: readonly ChannelId[]): Promise<ReadonlyMap<ChannelId, Seq>> {
    for (const channel of channels) mustBeChannel(channel);
    return this.#read(async () => new Map(await this.#each(channels, (channel) => this.#watermarks.head(channel))));
  }

  async findGrown(cursors: ReadonlyMap<ChannelId, Seq>): Promise<readonly ChannelId[]> {
    for (const [channel, cursor] of cursors) {
      mustBeChannel(channel);
      mustBeSeq(cursor, 0);
    }
    if (cursors.size === 0) return [];
    return this.#read(() => this.#reader.existing([...cursors].map(([channel, cursor]) => [channel, cursor + 1])));
  }

  async findAboveHole(channel: ChannelId, head: Seq): Promise<Seq | undefined> {
    mustBeChannel(channel);
    mustBeSeq(head, 0);
    const next = await this.#read(() => this.#reader.nextAfter(channel, head));
    return next === head + 1 ? undefined : next;
  }

  async applyEffects(channel: ChannelId, effects: readonly OriginEffect[], upTo: Seq): Promise<void> {
    mustBeChannel(channel);
    mustBeEffects(effects, upTo);
    return this.#write(async () => {
      await applyAll(this.#collections, this.#reader, channel, effects);
      await advanceChannels(this.#collections, new Map([[channel, { applied: upTo }]]));
    });
  }

  async readSummaries(channels: readonly ChannelId[]): Promise<ReadonlyMap<ChannelId, ChannelSummary>> {
    for (const channel of channels) mustBeChannel(channel);
    return this.#read(async () => {
      const documents = await this.#channels.findAll([...new Set(channels)]);
      const found = documents.filter((document) => document !== undefined);
      return new Map(found.map((document) => [document._id, toSummary(document)]));
    });
  }

  async advanceSummaries(summaries: ReadonlyMap<ChannelId, Partial<ChannelSummary>>): Promise<void> {
    for (const channel of summaries.keys()) mustBeChannel(channel);
    return this.#write(() => advanceChannels(this.#collections, summaries));
  }

  async readUser(user: UserId): Promise<UserIndex> {
    mustBeUser(user);
    return toUserIndex(await this.#read(() => this.#users.find(user)));
  }

  async markIn(users: readonly UserId[], channel: ChannelId, seq: Seq): Promise<void> {
    for (const user of users) mustBeUser(user);
    mustBeChannel(channel);
    mustBeSeq(seq);
    return this.#write(() => markUsers(this.#collections, users, channel, "in", seq));
  }

  async markOut(user: UserId, channel: ChannelId, seq: Seq): Promise<void> {
    mustBeUser(user);
    mustBeChannel(channel);
    mustBeSeq(seq);
    return this.#write(() => markUsers(this.#collections, [user], channel, "out", seq));
  }

  async advanceReads(user: UserId, reads: ReadonlyMap<ChannelId, { seq: Seq; ordinal: number }>): Promise<void> {
    mustBeUser(user);
    for (const channel of reads.keys()) mustBeChannel(channel);
    return this.#write(() => markReads(this.#reads, user, reads));
  }

  async ping(): Promise<void> {
    await this.#read(() => this.#channels.find("ping"));
  }

  /** **Repeat**: a second call waits for the same end. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#watermarks.settle();
    await this.#collections.client.close();
  }

  /** Each channel once, all at the same time; the connections bound what is under way. */
  #each<T>(channels: readonly ChannelId[], read: (channel: ChannelId) => Promise<T>): Promise<[ChannelId, T][]> {
    return Promise.all(
      [...new Set(channels)].map(async (channel): Promise<[ChannelId, T]> => [channel, await read(channel)]),
    );
  }

  #read<T>(action: () => Promise<T>): Promise<T> {
    return reading(this.#open(action));
  }

  #write<T>(action: () => Promise<T>): Promise<T> {
    return writing(this.#open(action));
  }

  #open<T>(action: () => Promise<T>): () => Promise<T> {
    if (this.#closing !== undefined) throw new StoreError("unavailable", "the store is closed");
    return action;
  }
}
