import type { ChannelId, RequestId, Seq, UserId } from "@parley/protocol";
import {
  type AppendOutcome,
  type ChannelSummary,
  type LogEvent,
  type LogPage,
  type MessageStore,
  type OriginEffect,
  type ReadLimit,
  type StoredEvent,
  StoreError,
  type UserIndex,
} from "@parley/store";
import type { LogView } from "./store-model.ts";
import type { Incarnation } from "./timeline.ts";
import type { World } from "./world.ts";

/**
 * The store as one process sees it, over the models of its logs: the port with its guarantees, on virtual time.
 * Beside the log nothing is rolled back: what is derived may be late and lost, and does no harm.
 */
export class StorePort implements MessageStore {
  private readonly world: World;
  private readonly owner: Incarnation;

  constructor(world: World, owner: Incarnation) {
    this.world = world;
    this.owner = owner;
  }

  append(channel: ChannelId, events: readonly LogEvent[]): Promise<AppendOutcome> {
    return new Promise((resolve, reject) => {
      this.world.store(channel).append([...events], this.owner, (outcome) => {
        if (outcome === undefined) reject(new StoreError("unknown", "no word of the append"));
        else resolve(outcome);
      });
    });
  }

  readAfter(channel: ChannelId, after: Seq, limit: ReadLimit): Promise<LogPage> {
    const max = Math.min(limit.events, this.world.scenario.pageEvents);
    return this.read(channel, (view) => view.pageAfter(after, max));
  }

  readBefore(channel: ChannelId, before: Seq, limit: ReadLimit): Promise<LogPage> {
    const max = Math.min(limit.events, this.world.scenario.pageEvents);
    return this.read(channel, (view) => view.pageBefore(before, max));
  }

  readAt(channel: ChannelId, seqs: readonly Seq[]): Promise<readonly StoredEvent[]> {
    return this.read(channel, (view) => seqs.flatMap((seq) => view.at(seq) ?? []));
  }

  findByRequest(channel: ChannelId, sender: UserId, id: RequestId): Promise<StoredEvent | undefined> {
    return this.read(channel, (view) => view.find(sender, id));
  }

  head(channel: ChannelId): Promise<Seq> {
    return this.read(channel, (view) => view.head());
  }

  heads(channels: readonly ChannelId[]): Promise<ReadonlyMap<ChannelId, Seq>> {
    return this.later(true, () => new Map(channels.map((channel) => [channel, this.view(channel).head()])));
  }

  findGrown(cursors: ReadonlyMap<ChannelId, Seq>): Promise<readonly ChannelId[]> {
    const isGrown = ([channel, cursor]: [ChannelId, Seq]): boolean => this.view(channel).at(cursor + 1) !== undefined;
    return this.later(true, () => [...cursors].filter(isGrown).map(([channel]) => channel));
  }

  findAboveHole(channel: ChannelId): Promise<Seq | undefined> {
    return this.read(channel, (view) => view.aboveHole());
  }

  applyEffects(channel: ChannelId, effects: readonly OriginEffect[], upTo: Seq): Promise<void> {
    return this.later(false, () => {
      const store = this.world.store(channel);
      for (const effect of effects) store.effect(effect);
      this.world.beside.advance(channel, { applied: upTo });
    });
  }

  readSummaries(channels: readonly ChannelId[]): Promise<ReadonlyMap<ChannelId, ChannelSummary>> {
    return this.later(true, () => this.world.beside.summaries(channels));
  }

  advanceSummaries(summaries: ReadonlyMap<ChannelId, Partial<ChannelSummary>>): Promise<void> {
    return this.later(false, () => {
      for (const [channel, change] of summaries) this.world.beside.advance(channel, change);
    });
  }

  readUser(user: UserId): Promise<UserIndex> {
    return this.later(true, () => ({ channels: this.world.index.marksOf(user), reads: new Map() }));
  }

  markIn(users: readonly UserId[], channel: ChannelId, seq: Seq): Promise<void> {
    return this.later(false, () => {
      for (const user of users) this.world.index.markIn(user, channel, seq);
    });
  }

  markOut(user: UserId, channel: ChannelId, seq: Seq): Promise<void> {
    return this.later(false, () => this.world.index.markOut(user, channel, seq));
  }

  advanceReads(): Promise<void> {
    return this.later(false, () => undefined);
  }

  ping(): Promise<void> {
    return this.later(true, () => undefined);
  }

  async close(): Promise<void> {}

  private view(channel: ChannelId): LogView {
    return this.world.store(channel).readView;
  }

  private read<T>(channel: ChannelId, evaluate: (view: LogView) => T): Promise<T> {
    return this.later(true, () => evaluate(this.view(channel)));
  }

  /** Evaluated at one instant in between. A write that fails may be done all the same, and late. */
  private later<T>(isRead: boolean, evaluate: () => T): Promise<T> {
    const { random, storeFaults, timeline } = this.world;
    const isFailing = random.chance(storeFaults.failedRead);
    return new Promise((resolve, reject) => {
      if (isFailing) {
        const fail = (): void => reject(new StoreError("unavailable", "the store does not answer"));
        timeline.after(random.between(2, 12), fail, this.owner);
        if (!isRead && random.chance(0.5)) timeline.after(random.between(1, 600), evaluate);
        return;
      }
      timeline.after(random.between(1, 6), () => {
        timeline.after(random.between(1, 6), evaluated(evaluate, resolve), this.owner);
      });
    });
  }
}

/** Evaluates now, tells later. */
function evaluated<T>(evaluate: () => T, tell: (result: T) => void): () => void {
  const result = evaluate();
  return () => tell(result);
}
