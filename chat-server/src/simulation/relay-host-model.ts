import type { ChannelId, Seq, UserId } from "@parley/protocol";
import type { LogEvent } from "@parley/store";
import type { ChannelFold } from "../channel/fold.ts";
import { RelayChannel, type RelayEffects } from "../relay/relay-channel.ts";
import type { RelayedEvent } from "../relay/relayed-event.ts";
import { loadFrom } from "./log-host-model.ts";
import type { SessionModel } from "./session-model.ts";
import type { Incarnation } from "./timeline.ts";
import { relayedForm, type World } from "./world.ts";

const headCheckMs = 300;
const confirmMs = 40;

export interface Followed {
  readonly channel: ChannelId;
  relay: RelayChannel<SessionModel> | undefined;
  heard: Seq;
  isConfirmed: boolean;
  /** Whoever waits until it is followed. */
  waiting: ((relay: RelayChannel<SessionModel>) => void)[];
}

/** What `RelayHost`, `Publisher`, `InterestHost` and `HeadWatchHost` do for the channels of one server. */
export class RelayHostModel {
  private readonly world: World;
  private readonly node: number;
  private readonly owner: Incarnation;
  private readonly sessionsOf: (user: UserId, channel: ChannelId) => Iterable<SessionModel>;
  private readonly onLearned: (channel: ChannelId, events: readonly RelayedEvent[]) => void;
  private readonly followed = new Map<ChannelId, Followed>();
  private readonly interested = new Map<ChannelId, Set<number>>();

  constructor(
    world: World,
    node: number,
    owner: Incarnation,
    sessionsOf: (user: UserId, channel: ChannelId) => Iterable<SessionModel>,
    onLearned: (channel: ChannelId, events: readonly RelayedEvent[]) => void,
  ) {
    this.world = world;
    this.node = node;
    this.owner = owner;
    this.sessionsOf = sessionsOf;
    this.onLearned = onLearned;
    if (!world.mutation.hasNoHeadChecks) this.watchHeads();
  }

  /** Heads of all that is followed here. */
  all(): Iterable<Followed> {
    return this.followed.values();
  }

  relayOf(channel: ChannelId): RelayChannel<SessionModel> | undefined {
    return this.followed.get(channel)?.relay;
  }

  hold(channel: ChannelId, use: (relay: RelayChannel<SessionModel>) => void): void {
    let record = this.followed.get(channel);
    if (record === undefined) {
      record = { channel, relay: undefined, heard: 0, isConfirmed: false, waiting: [] };
      this.followed.set(channel, record);
      this.start(record);
    }
    if (record.relay !== undefined) use(record.relay);
    else record.waiting.push(use);
  }

  learn(channel: ChannelId, events: readonly RelayedEvent[]): void {
    this.onLearned(channel, events);
    const record = this.followed.get(channel);
    if (record === undefined) return;
    if (record.relay === undefined) record.heard = Math.max(record.heard, events.at(-1)?.seq ?? 0);
    else record.relay.learn(this.world.mutation.relayed?.(events) ?? events);
  }

  /** Publishes what is durable. */
  publish(channel: ChannelId, events: readonly LogEvent[]): void {
    const relayed = events.map(relayedForm);
    this.learn(channel, relayed);
    const isHome = this.world.homeOf(channel, this.node) === this.node;
    const receivers = isHome ? [...(this.interested.get(channel) ?? [])] : this.others();
    for (const node of receivers) this.world.sendPeer(this.node, node, { type: "events", channel, events: relayed });
  }

  addInterest(from: number, channels: readonly ChannelId[]): void {
    for (const channel of channels) {
      const nodes = this.interested.get(channel) ?? new Set();
      nodes.add(from);
      this.interested.set(channel, nodes);
    }
    this.world.sendPeer(this.node, from, { type: "interested", channels });
  }

  onConfirmed(channels: readonly ChannelId[]): void {
    for (const channel of channels) {
      const record = this.followed.get(channel);
      if (record !== undefined && !record.isConfirmed) this.confirm(record);
    }
  }

  /** The home of a channel is another now. */
  homeMoved(channel: ChannelId): void {
    const record = this.followed.get(channel);
    if (record === undefined) return;
    this.tellInterest(channel);
    this.checkHead(record);
  }

  others(): number[] {
    return Array.from({ length: this.world.scenario.servers }, (_, node) => node).filter((node) => node !== this.node);
  }

  private tellInterest(channel: ChannelId): boolean {
    const home = this.world.homeOf(channel, this.node);
    if (home !== this.node) this.world.sendPeer(this.node, home, { type: "interest", channels: [channel] });
    return home !== this.node;
  }

  /** Attach, confirmed, then read (rule 17). */
  private start(record: Followed): void {
    if (this.world.mutation.readsBeforeConfirmed) {
      record.isConfirmed = true;
      this.read(record, () => this.world.timeline.after(40, () => this.tellInterest(record.channel), this.owner));
      return;
    }
    if (!this.tellInterest(record.channel)) return this.confirm(record);
    this.world.timeline.after(confirmMs, () => this.confirm(record), this.owner);
  }

  private confirm(record: Followed): void {
    if (record.isConfirmed) return;
    record.isConfirmed = true;
    this.read(record, () => undefined);
  }

  private read(record: Followed, then: () => void): void {
    const { channel } = record;
    const { timeline } = this.world;
    this.world.store(channel).read(
      this.owner,
      (view) => loadFrom(view, 0),
      (loaded) => {
        if (loaded === undefined) {
          timeline.after(20, () => this.read(record, then), this.owner);
          return;
        }
        this.begin(record, loaded);
        then();
      },
    );
  }

  private begin(record: Followed, start: { head: Seq; ordinal: number; time: number; fold: ChannelFold }): void {
    const { channel } = record;
    const effects = this.effectsFor(record);
    const relay =
      this.world.mutation.relay?.(channel, start, effects) ?? new RelayChannel<SessionModel>(channel, start, effects);
    record.relay = relay;
    if (record.heard > relay.cursor) relay.hear(record.heard);
    const { waiting } = record;
    record.waiting = [];
    for (const use of waiting) use(relay);
  }

  private effectsFor(record: Followed): RelayEffects<SessionModel> {
    const { channel } = record;
    const { random, timeline } = this.world;
    return {
      deliver: (from, payloads) => {
        for (const session of record.relay?.audience ?? []) session.tell({ type: "events", channel, from, payloads });
      },
      read: (after, attempt) => {
        const delay = attempt === 0 ? 0 : random.between(1, Math.min(10 * 2 ** attempt, 200));
        timeline.after(delay, () => this.readOn(record, after), this.owner);
      },
      sessionsOf: (user) => this.sessionsOf(user, channel),
      track: (session, cursor) => session.track(channel, cursor),
      untrack: (session) => session.untrack(channel),
    };
  }

  private readOn(record: Followed, after: Seq): void {
    const { channel } = record;
    this.world.store(channel).read(
      this.owner,
      (view) => view.after(after).slice(0, 4),
      (events) => {
        if (events === undefined) return record.relay?.onReadFailed();
        const relayed = events.map(relayedForm);
        this.onLearned(channel, relayed);
        record.relay?.onRead(this.world.mutation.relayed?.(relayed) ?? relayed);
      },
    );
  }

  private watchHeads(): void {
    this.world.timeline.after(
      headCheckMs,
      () => {
        for (const record of this.followed.values()) this.checkHead(record);
        this.watchHeads();
      },
      this.owner,
    );
  }

  private checkHead(record: Followed): void {
    const { relay, channel } = record;
    if (relay === undefined || this.world.mutation.hasNoHeadChecks) return;
    const cursor = relay.cursor;
    this.world.store(channel).read(
      this.owner,
      (view) => view.at(cursor + 1) !== undefined,
      (isGrown) => {
        if (isGrown === true) relay.hear(cursor + 1);
      },
    );
  }
}
