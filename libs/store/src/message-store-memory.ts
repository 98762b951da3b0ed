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
import type { StoreFaultHook, StoreOperation } from "./testing/faults.ts";
import { MemoryLog } from "./testing/memory-log.ts";

export interface MemoryStoreOptions {
  /** Shared by the stores that are to see the same data; an own one when missing. */
  readonly log?: MemoryLog;
  readonly faults?: StoreFaultHook;
}

/** Not durable: for tests and simulations of other parts, with faults on demand. */
export function openMemoryStore(options: MemoryStoreOptions = {}): MessageStore {
  return new MemoryStore(options);
}

class MemoryStore implements MessageStore {
  readonly #log: MemoryLog;
  readonly #faults: StoreFaultHook;
  #isClosed = false;

  constructor(options: MemoryStoreOptions) {
    this.#log = options.log ?? new MemoryLog();
    this.#faults = options.faults ?? (() => undefined);
  }

  async append(channel: ChannelId, events: readonly LogEvent[]): Promise<AppendOutcome> {
    mustBeRun(channel, events);
    // Copied now: a late write must not see what the caller does to the array meanwhile.
    const run = [...events];
    const operation: StoreOperation = { name: "append", isWrite: true, channel, events: run };
    return this.#perform(operation, (slots) => this.#log.append(channel, run.slice(0, slots)));
  }

  async readAfter(channel: ChannelId, after: Seq, limit: ReadLimit): Promise<LogPage> {
    mustBeChannel(channel);
    mustBeSeq(after, 0);
    const checked = mustBeLimit(limit);
    return this.#read("readAfter", channel, () => this.#log.page(channel, after, 1, checked));
  }

  async readBefore(channel: ChannelId, before: Seq, limit: ReadLimit): Promise<LogPage> {
    mustBeChannel(channel);
    mustBeSeq(before, 0);
    const checked = mustBeLimit(limit);
    return this.#read("readBefore", channel, () => this.#log.page(channel, before, -1, checked));
  }

  async readAt(channel: ChannelId, seqs: readonly Seq[]): Promise<readonly StoredEvent[]> {
    mustBeChannel(channel);
    mustBeSeqs(seqs);
    return this.#read("readAt", channel, () => seqs.flatMap((seq) => this.#log.read(channel, seq) ?? []));
  }

  async findByRequest(channel: ChannelId, sender: UserId, id: RequestId): Promise<StoredEvent | undefined> {
    mustBeChannel(channel);
    mustBeUser(sender);
    mustBeRequest(id);
    return this.#read("findByRequest", channel, () => this.#log.find(channel, sender, id));
  }

  async head(channel: ChannelId): Promise<Seq> {
    mustBeChannel(channel);
    return this.#read("head", channel, () => this.#log.head(channel));
  }

  async heads(channels: readonly ChannelId[]): Promise<ReadonlyMap<ChannelId, Seq>> {
    for (const channel of channels) mustBeChannel(channel);
    return this.#read("heads", undefined, () => new Map(channels.map((id) => [id, this.#log.head(id)])));
  }

  async findGrown(cursors: ReadonlyMap<ChannelId, Seq>): Promise<readonly ChannelId[]> {
    for (const channel of cursors.keys()) mustBeChannel(channel);
    const isGrown = ([id, cursor]: [ChannelId, Seq]) => this.#log.read(id, cursor + 1) !== undefined;
    return this.#read("findGrown", undefined, () => [...cursors].filter(isGrown).map(([id]) => id));
  }

  async findAboveHole(channel: ChannelId, head: Seq): Promise<Seq | undefined> {
    mustBeChannel(channel);
    mustBeSeq(head, 0);
    return this.#read("findAboveHole", channel, () => this.#log.above(channel, head));
  }

  async applyEffects(channel: ChannelId, effects: readonly OriginEffect[], upTo: Seq): Promise<void> {
    mustBeChannel(channel);
    mustBeEffects(effects, upTo);
    return this.#write("applyEffects", channel, () => {
      for (const effect of effects) this.#log.apply(channel, effect);
      this.#log.advance(channel, { applied: upTo });
    });
  }

  async readSummaries(channels: readonly ChannelId[]): Promise<ReadonlyMap<ChannelId, ChannelSummary>> {
    for (const channel of channels) mustBeChannel(channel);
    return this.#read("readSummaries", undefined, () => {
      const found = new Map<ChannelId, ChannelSummary>();
      for (const channel of channels) {
        const summary = this.#log.summary(channel);
        if (summary !== undefined) found.set(channel, summary);
      }
      return found;
    });
  }

  async advanceSummaries(summaries: ReadonlyMap<ChannelId, Partial<ChannelSummary>>): Promise<void> {
    for (const channel of summaries.keys()) mustBeChannel(channel);
    const changes = [...summaries];
    return this.#write("advanceSummaries", undefined, () => {
      for (const [channel, change] of changes) this.#log.advance(channel, change);
    });
  }

  async readUser(user: UserId): Promise<UserIndex> {
    mustBeUser(user);
    return this.#read("readUser", undefined, () => ({
      channels: new Map(this.#log.users.get(user)),
      reads: new Map(this.#log.reads.get(user)),
    }));
  }

  async markIn(users: readonly UserId[], channel: ChannelId, seq: Seq): Promise<void> {
    for (const user of users) mustBeUser(user);
    mustBeChannel(channel);
    mustBeSeq(seq);
    return this.#write("markIn", channel, () => {
      for (const user of users) this.#log.mark(user, channel, { in: seq, out: 0 });
    });
  }

  async markOut(user: UserId, channel: ChannelId, seq: Seq): Promise<void> {
    mustBeUser(user);
    mustBeChannel(channel);
    mustBeSeq(seq);
    return this.#write("markOut", channel, () => this.#log.mark(user, channel, { in: 0, out: seq }));
  }

  async advanceReads(user: UserId, reads: ReadonlyMap<ChannelId, { seq: Seq; ordinal: number }>): Promise<void> {
    mustBeUser(user);
    for (const channel of reads.keys()) mustBeChannel(channel);
    const marks = [...reads];
    return this.#write("advanceReads", undefined, () => {
      for (const [channel, read] of marks) this.#log.markRead(user, channel, read);
    });
  }

  async ping(): Promise<void> {
    return this.#read("ping", undefined, () => {});
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #read<T>(name: StoreOperation["name"], channel: ChannelId | undefined, action: () => T): Promise<T> {
    return this.#perform({ name, isWrite: false, ...(channel === undefined ? {} : { channel }) }, action);
  }

  #write(name: StoreOperation["name"], channel: ChannelId | undefined, action: () => void): Promise<void> {
    return this.#perform({ name, isWrite: true, ...(channel === undefined ? {} : { channel }) }, action);
  }

  async #perform<T>(operation: StoreOperation, action: (slots: number) => T): Promise<T> {
    if (this.#isClosed) throw new StoreError("unavailable", "the store is closed");
    const fault = this.#faults(operation);
    const all = operation.events?.length ?? 0;
    if (fault === undefined) {
      // As any real store: never before the next turn.
      await Promise.resolve();
      return action(all);
    }
    switch (fault.kind) {
      case "delay":
        await fault.until;
        return action(all);
      case "hold": {
        const result = action(all);
        await fault.until;
        return result;
      }
      case "refuse":
        throw new StoreError("unavailable", `${operation.name} was refused by a planted fault`);
      case "unknown": {
        const slots = fault.apply === "all" ? all : fault.apply === "none" ? 0 : Math.min(fault.apply, all);
        const isDone = operation.isWrite && (operation.events === undefined ? fault.apply !== "none" : slots > 0);
        // A late write that the unique key refuses by then is lost, as it is on a real server.
        if (isDone && fault.at !== undefined) void fault.at.then(() => action(slots));
        else if (isDone) action(slots);
        throw new StoreError("unknown", `${operation.name} was cut by a planted fault`);
      }
      default: {
        const never: never = fault;
        return never;
      }
    }
  }
}
