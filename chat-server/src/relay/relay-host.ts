import type { ChannelId, Seq, UserId } from "@parley/protocol";
import type { MessageStore, StoredEvent } from "@parley/store";
import type { Telemetry } from "@parley/telemetry";
import { readState, snapshotEvery } from "../channel/read-log.ts";
import { type CallOff, type Clock, sleep } from "../clock.ts";
import { groupByLink, type LinkGroup, type RelaySession } from "./audience.ts";
import type { InterestHost } from "./interest-host.ts";
import { RelayChannel } from "./relay-channel.ts";
import { type RelayedEvent, toRelayed } from "./relayed-event.ts";

export interface RelayRecord {
  readonly channel: ChannelId;
  /** Resolves when the channel is followed here; rejects when the store did not answer. */
  readonly ready: Promise<RelayChannel<RelaySession>>;
  /** Undefined until ready. */
  relay: RelayChannel<RelaySession> | undefined;
  /** Highest seq heard of before it was ready. */
  heard: Seq;
  /** Sessions that hold it, in the audience or on their way there. */
  holders: number;
  groups: { readonly version: number; readonly groups: readonly LinkGroup[] } | undefined;
  /** When something last came of it, and when its head was last compared with the store; ms. */
  heardAt: number;
  checkedAt: number;
  /** Whoever waits for the cursor to reach a seq. */
  waiters: { readonly seq: Seq; readonly resolve: () => void }[];
}

export type RelayParts = ConstructorParameters<typeof RelayChannel<RelaySession>>;

export interface RelayHostOptions {
  readonly clock: Clock;
  readonly store: MessageStore;
  readonly telemetry: Telemetry;
  readonly interest: InterestHost;
  readonly sessionsOf: (user: UserId, channel: ChannelId) => Iterable<RelaySession>;
  /** Every event learned of, on whatever path, before anything is dropped. */
  readonly onLearned: (channel: ChannelId, events: readonly RelayedEvent[]) => void;
}

const readMax = 500;
const lingerMs = 15_000;

/**
 * The channels with sessions on this server. Attach, confirmed, then read (rule 17); repairs from the store.
 * **Bounds**: one record a channel with sessions here; it is dropped some seconds after the last one has gone.
 */
export class RelayHost {
  private readonly options: RelayHostOptions;
  private readonly records = new Map<ChannelId, RelayRecord>();
  private readonly lingering = new Set<CallOff>();

  constructor(options: RelayHostOptions) {
    this.options = options;
  }

  all(): Iterable<RelayRecord> {
    return this.records.values();
  }

  find(channel: ChannelId): RelayRecord | undefined {
    return this.records.get(channel);
  }

  /** Follows the channel, for as long as it is held. Each hold is given back by {@link release}. */
  hold(channel: ChannelId): RelayRecord {
    const record = this.records.get(channel) ?? this.follow(channel);
    record.holders++;
    return record;
  }

  release(record: RelayRecord): void {
    record.holders--;
    if (record.holders > 0) return;
    // A reconnect comes back within seconds: following anew would cost more than waiting.
    const stop = this.options.clock.after(lingerMs, () => {
      this.lingering.delete(stop);
      if (record.holders > 0 || this.records.get(record.channel) !== record) return;
      this.records.delete(record.channel);
      this.options.interest.withdraw(record.channel);
    });
    this.lingering.add(stop);
  }

  close(): void {
    for (const stop of this.lingering) stop();
    this.lingering.clear();
  }

  learn(channel: ChannelId, events: readonly RelayedEvent[]): void {
    this.options.onLearned(channel, events);
    const record = this.records.get(channel);
    if (record === undefined) return;
    record.heardAt = this.options.clock.now();
    if (record.relay === undefined) record.heard = Math.max(record.heard, events.at(-1)?.seq ?? 0);
    else record.relay.learn(events);
    wake(record);
  }

  /** Resolves when the channel's cursor has reached `seq`, or after the deadline. */
  async reach(record: RelayRecord, seq: Seq, deadlineMs: number): Promise<void> {
    const { relay } = record;
    if (relay === undefined || relay.cursor >= seq) return;
    relay.hear(seq);
    await new Promise<void>((resolve) => {
      const stop = this.options.clock.after(deadlineMs, resolve);
      record.waiters.push({
        seq,
        resolve: () => {
          stop();
          resolve();
        },
      });
    });
  }

  /** Events may have passed by: the head is compared with the store at the next tick. */
  doubt(channel: ChannelId): void {
    const record = this.records.get(channel);
    if (record !== undefined) record.checkedAt = 0;
  }

  hear(channel: ChannelId, seq: Seq): void {
    const record = this.records.get(channel);
    if (record?.relay === undefined || seq <= record.relay.cursor) return;
    record.heardAt = this.options.clock.now();
    record.relay.hear(seq);
  }

  /** Receipts and typing, for everybody in the channel but the sender. */
  cast(channel: ChannelId, from: UserId, payload: Uint8Array): void {
    const relay = this.records.get(channel)?.relay;
    // The home may have passed on what a stranger sent: only a member is heard (I9).
    if (relay === undefined || !relay.fold.isMember(from)) return;
    for (const { link, attachments } of groupByLink(relay.audience, (session) => session.user !== from))
      link.send({ type: "cast", attachments, payload });
  }

  private follow(channel: ChannelId): RelayRecord {
    const now = this.options.clock.now();
    let resolve: (relay: RelayChannel<RelaySession>) => void = () => undefined;
    let reject: (error: unknown) => void = () => undefined;
    const ready = new Promise<RelayChannel<RelaySession>>((done, fail) => {
      resolve = done;
      reject = fail;
    });
    ready.catch(() => undefined);
    const record: RelayRecord = {
      channel,
      ready,
      relay: undefined,
      heard: 0,
      holders: 0,
      groups: undefined,
      heardAt: now,
      checkedAt: now,
      waiters: [],
    };
    this.records.set(channel, record);
    this.start(record).then(resolve, (error: unknown) => {
      // The next hold begins anew.
      if (this.records.get(channel) === record) this.records.delete(channel);
      reject(error);
    });
    return record;
  }

  private async start(record: RelayRecord): Promise<RelayChannel<RelaySession>> {
    const { store, interest } = this.options;
    await interest.declare(record.channel);
    const state = await readState(store, record.channel);
    if (state.walked >= snapshotEvery) {
      const snapshot = { seq: state.fold.seq, json: state.fold.toJson() };
      store.advanceSummaries(new Map([[record.channel, { snapshot }]])).catch((error: unknown) => {
        this.options.telemetry.logger.debug({ err: error }, "snapshot not kept");
      });
    }
    const relay = this.createRelay(record.channel, state, {
      deliver: (from, payloads) => this.deliver(record, from, payloads),
      read: (after, attempt) => this.read(record, after, attempt),
      sessionsOf: (user) => this.options.sessionsOf(user, record.channel),
      track: (session, cursor) => session.track(record.channel, cursor),
      untrack: (session) => session.untrack(record.channel),
    });
    record.relay = relay;
    if (record.heard > relay.cursor) relay.hear(record.heard);
    return relay;
  }

  protected createRelay(...parts: RelayParts): RelayChannel<RelaySession> {
    return new RelayChannel(...parts);
  }

  private deliver(record: RelayRecord, from: Seq, payloads: readonly Uint8Array[]): void {
    const { relay, channel } = record;
    if (relay === undefined) return;
    if (record.groups?.version !== relay.audienceVersion) {
      record.groups = { version: relay.audienceVersion, groups: groupByLink(relay.audience, () => true) };
    }
    for (const { link, attachments } of record.groups.groups) {
      link.send({ type: "events", attachments, channel, from, payloads });
    }
    this.options.telemetry.metrics.deliveries.inc(relay.audience.size * payloads.length);
  }

  private read(record: RelayRecord, after: Seq, attempt: number): void {
    const { clock, store, telemetry } = this.options;
    const delay = attempt === 0 ? 0 : clock.random() * Math.min(50 * 2 ** attempt, 2_000);
    const run = async (): Promise<void> => {
      if (delay > 0) await sleep(clock, delay);
      const page = await store.readAfter(record.channel, after, { events: readMax });
      const events = page.events.map(relayStored);
      this.options.onLearned(record.channel, events);
      record.checkedAt = this.options.clock.now();
      record.relay?.onRead(events, page.isEnd);
      wake(record);
    };
    telemetry.metrics.repairs.of("hole").inc();
    run().catch(() => record.relay?.onReadFailed());
  }
}

function wake(record: RelayRecord): void {
  if (record.waiters.length === 0) return;
  const cursor = record.relay?.cursor ?? 0;
  const reached = record.waiters.filter((waiter) => waiter.seq <= cursor);
  record.waiters = record.waiters.filter((waiter) => waiter.seq > cursor);
  for (const waiter of reached) waiter.resolve();
}

function relayStored(stored: StoredEvent): RelayedEvent {
  return toRelayed(stored.event);
}
