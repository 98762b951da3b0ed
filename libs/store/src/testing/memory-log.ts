import type { ChannelId, RequestId, Seq, UserId } from "@parley/protocol";
import { eventBytes, type PageLimit } from "../checks.ts";
import type {
  AppendOutcome,
  ChannelSummary,
  LogEvent,
  LogPage,
  OriginEffect,
  OriginState,
  StoredEvent,
} from "../message-store.ts";
import { eraseBody, foldEffect, type OriginRecord, toStored } from "../origin.ts";

type Reaction = NonNullable<OriginState["reactions"]>[number];

interface ChannelData {
  readonly events: Map<Seq, LogEvent>;
  readonly requests: Map<string, Seq>;
  readonly origins: Map<Seq, OriginRecord>;
  readonly reactions: Map<Seq, Map<string, Reaction>>;
  head: Seq;
  summary: ChannelSummary | undefined;
}

/**
 * The data of a store in memory. Several stores may share one: each then plays a process of its own before the same
 * database. All calls are synchronous and so atomic.
 */
export class MemoryLog {
  readonly #channels = new Map<ChannelId, ChannelData>();
  readonly users = new Map<UserId, Map<ChannelId, { in: Seq; out: Seq }>>();
  readonly reads = new Map<UserId, Map<ChannelId, { seq: Seq; ordinal: number }>>();

  #data(channel: ChannelId): ChannelData {
    let data = this.#channels.get(channel);
    if (data === undefined) {
      data = {
        events: new Map(),
        requests: new Map(),
        origins: new Map(),
        reactions: new Map(),
        head: 0,
        summary: undefined,
      };
      this.#channels.set(channel, data);
    }
    return data;
  }

  channels(): readonly ChannelId[] {
    return [...this.#channels.keys()];
  }

  append(channel: ChannelId, events: readonly LogEvent[]): AppendOutcome {
    const data = this.#data(channel);
    for (const [at, event] of events.entries()) {
      const request = `${event.sender}:${event.id}`;
      if (data.events.has(event.seq) || data.requests.has(request)) return { kind: "refused", at };
      data.events.set(event.seq, structuredClone(event));
      data.requests.set(request, event.seq);
      while (data.events.has(data.head + 1)) data.head += 1;
    }
    return { kind: "appended" };
  }

  head(channel: ChannelId): Seq {
    return this.#channels.get(channel)?.head ?? 0;
  }

  read(channel: ChannelId, seq: Seq): StoredEvent | undefined {
    const data = this.#channels.get(channel);
    const event = data?.events.get(seq);
    if (data === undefined || event === undefined) return undefined;
    return toStored(event, data.origins.get(seq), [...(data.reactions.get(seq)?.values() ?? [])]);
  }

  find(channel: ChannelId, sender: UserId, id: RequestId): StoredEvent | undefined {
    const seq = this.#channels.get(channel)?.requests.get(`${sender}:${id}`);
    return seq === undefined ? undefined : this.read(channel, seq);
  }

  page(channel: ChannelId, from: Seq, step: 1 | -1, limit: PageLimit): LogPage {
    const head = this.head(channel);
    const events: StoredEvent[] = [];
    let bytes = 0;
    let seq = step === 1 ? from + 1 : Math.min(from - 1, head);
    while (seq >= 1 && seq <= head && events.length < limit.events && bytes < limit.bytesMax) {
      const stored = this.read(channel, seq);
      if (stored === undefined) break;
      events.push(stored);
      bytes += eventBytes(stored.event);
      seq += step;
    }
    return { events: step === 1 ? events : events.reverse(), isEnd: seq < 1 || seq > head };
  }

  above(channel: ChannelId, head: Seq): Seq | undefined {
    const events = this.#channels.get(channel)?.events;
    if (events === undefined || events.has(head + 1)) return undefined;
    const above = [...events.keys()].filter((seq) => seq > head);
    return above.length === 0 ? undefined : above.reduce((least, seq) => Math.min(least, seq));
  }

  apply(channel: ChannelId, effect: OriginEffect): void {
    const data = this.#data(channel);
    if (!data.events.has(effect.target)) return;
    if (effect.kind === "reaction") {
      const reactions = data.reactions.get(effect.target) ?? new Map<string, Reaction>();
      const key = `${effect.user}:${effect.emoji}`;
      if ((reactions.get(key)?.seq ?? 0) >= effect.seq) return;
      const { user, emoji, seq, remove } = effect;
      reactions.set(key, { user, emoji, seq, remove });
      data.reactions.set(effect.target, reactions);
      return;
    }
    const record = foldEffect(data.origins.get(effect.target) ?? {}, effect);
    data.origins.set(effect.target, record);
    if (record.deleted === undefined) return;
    for (const seq of [effect.target, ...(record.editSeqs ?? [])]) {
      const event = data.events.get(seq);
      if (event !== undefined) data.events.set(seq, { ...event, body: eraseBody(event.body) });
    }
  }

  summary(channel: ChannelId): ChannelSummary | undefined {
    return this.#channels.get(channel)?.summary;
  }

  advance(channel: ChannelId, change: Partial<ChannelSummary>): void {
    const data = this.#data(channel);
    const before = data.summary ?? { verified: 0, activeAt: 0, applied: 0 };
    const isNewer = change.snapshot !== undefined && change.snapshot.seq > (before.snapshot?.seq ?? 0);
    const snapshot = isNewer ? change.snapshot : before.snapshot;
    data.summary = {
      verified: Math.max(before.verified, change.verified ?? 0),
      activeAt: Math.max(before.activeAt, change.activeAt ?? 0),
      applied: Math.max(before.applied, change.applied ?? 0),
      ...(snapshot === undefined ? {} : { snapshot }),
    };
  }

  mark(user: UserId, channel: ChannelId, mark: { in: Seq; out: Seq }): void {
    const channels = this.users.get(user) ?? new Map<ChannelId, { in: Seq; out: Seq }>();
    const before = channels.get(channel) ?? { in: 0, out: 0 };
    channels.set(channel, { in: Math.max(before.in, mark.in), out: Math.max(before.out, mark.out) });
    this.users.set(user, channels);
  }

  markRead(user: UserId, channel: ChannelId, read: { seq: Seq; ordinal: number }): void {
    const reads = this.reads.get(user) ?? new Map<ChannelId, { seq: Seq; ordinal: number }>();
    if (read.seq > (reads.get(channel)?.seq ?? 0)) reads.set(channel, { ...read });
    this.reads.set(user, reads);
  }
}
