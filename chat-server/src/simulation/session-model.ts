import type { ChannelId, Seq, UserId } from "@parley/protocol";
import type { ChannelFold } from "../channel/fold.ts";
import type { Answer, AppendRequest } from "../channel/request.ts";
import type { RelayChannel } from "../relay/relay-channel.ts";
import type { RelayedEvent } from "../relay/relayed-event.ts";
import type { RelayHostModel } from "./relay-host-model.ts";
import type { Incarnation } from "./timeline.ts";
import { relayedForm, type World } from "./world.ts";

/** chat server → gateway, of one attachment; the same as the link's frames. */
export type Down =
  | { readonly type: "attached"; readonly baseline: readonly (readonly [ChannelId, Seq])[] }
  | {
      readonly type: "events";
      readonly channel: ChannelId;
      readonly from: Seq;
      readonly payloads: readonly Uint8Array[];
    }
  | { readonly type: "gap"; readonly channel: ChannelId; readonly to: Seq }
  | { readonly type: "track"; readonly channel: ChannelId; readonly cursor: Seq; readonly isGapNext: boolean }
  | { readonly type: "untrack"; readonly channel: ChannelId }
  | { readonly type: "answer"; readonly ordinal: number; readonly answer: Answer };

interface Held {
  relay: RelayChannel<SessionModel> | undefined;
  isLive: boolean;
}

/** What `Session`, `Attacher` and `catchUp` do for one device on one server, simply. */
export class SessionModel {
  readonly user: UserId;
  readonly channels = new Map<ChannelId, Held>();
  isClosed = false;
  private isAttached = false;
  /** Where this socket left channels. */
  private readonly left = new Map<ChannelId, Seq>();
  private joinedMeanwhile: { readonly channel: ChannelId; readonly seq: Seq | undefined }[] = [];
  private waiting: { readonly ordinal: number; readonly request: AppendRequest }[] = [];
  private readonly world: World;
  private readonly owner: Incarnation;
  private readonly relays: RelayHostModel;
  private readonly append: (request: AppendRequest, asker: (answer: Answer) => void) => void;
  private readonly send: (frame: Down) => void;

  constructor(options: {
    user: UserId;
    world: World;
    owner: Incarnation;
    relays: RelayHostModel;
    append: (request: AppendRequest, asker: (answer: Answer) => void) => void;
    send: (frame: Down) => void;
  }) {
    this.user = options.user;
    this.world = options.world;
    this.owner = options.owner;
    this.relays = options.relays;
    this.append = options.append;
    this.send = options.send;
  }

  /** Reads the index, follows, says from where each channel is live, catches up. */
  attach(cursors: ReadonlyMap<ChannelId, Seq>, isNew: boolean): void {
    const { channels, index, random, timeline } = this.world;
    timeline.after(
      random.between(2, 8),
      () => {
        if (this.isClosed) return;
        const listed = channels.filter((channel) => cursors.has(channel) || index.isListed(this.user, channel));
        let open = listed.length;
        const done = (): void => {
          if (!this.isClosed && open === 0) this.welcome(cursors, isNew);
        };
        for (const channel of listed) {
          const held: Held = { relay: undefined, isLive: false };
          this.channels.set(channel, held);
          this.relays.hold(channel, (relay) => {
            held.relay = relay;
            open--;
            done();
          });
        }
        if (listed.length === 0) done();
      },
      this.owner,
    );
  }

  request(ordinal: number, request: AppendRequest): void {
    if (!this.isAttached) this.waiting.push({ ordinal, request });
    else this.append(request, (answer) => this.tell({ type: "answer", ordinal, answer }));
  }

  /** A hint that the user has become a member, by the event `seq` where that is known. */
  joined(channel: ChannelId, seq: Seq | undefined): void {
    if (this.isClosed) return;
    if (!this.isAttached) {
      this.joinedMeanwhile.push({ channel, seq });
      return;
    }
    if (this.channels.has(channel)) return;
    const held: Held = { relay: undefined, isLive: false };
    this.channels.set(channel, held);
    this.relays.hold(channel, (relay) => {
      held.relay = relay;
      if (this.isClosed || this.channels.get(channel) !== held || held.isLive) return;
      const from = seq ?? relay.fold.intervalsOf(this.user).at(-1)?.from;
      if (from === undefined || (seq === undefined && !relay.fold.isMember(this.user))) return this.drop(channel);
      this.begin(channel, from - 1);
      this.catchUp(channel, held, relay, from - 1);
    });
  }

  /** Whether the relay may give it a channel: it has not got it and is not on its way to it. */
  canTake(channel: ChannelId): boolean {
    return this.isAttached && !this.isClosed && !this.channels.has(channel);
  }

  tell(frame: Down): void {
    if (!this.isClosed) this.send(frame);
  }

  track(channel: ChannelId, cursor: Seq): void {
    const held = this.channels.get(channel);
    if (held === undefined) this.channels.set(channel, { relay: this.relays.relayOf(channel), isLive: true });
    else held.isLive = true;
    this.begin(channel, cursor);
  }

  /** Says where the channel begins for this socket; what it missed since it last left is announced as a gap. */
  private begin(channel: ChannelId, cursor: Seq): void {
    const leftAt = this.left.get(channel);
    if (leftAt === undefined || leftAt >= cursor) {
      this.tell({ type: "track", channel, cursor, isGapNext: false });
      return;
    }
    this.left.delete(channel);
    this.tell({ type: "track", channel, cursor: leftAt, isGapNext: true });
    this.tell({ type: "gap", channel, to: cursor });
  }

  /** The word that the user has become a member may have been lost. */
  sweep(): void {
    if (!this.isAttached || this.isClosed) return;
    const { channels, index, mutation } = this.world;
    for (const channel of channels) {
      if (!index.isListed(this.user, channel) || this.channels.has(channel)) continue;
      this.joined(channel, mutation.trustsIndexMark ? index.enteredAt(this.user, channel) : undefined);
    }
  }

  untrack(channel: ChannelId): void {
    const cursor = (this.channels.get(channel)?.relay ?? this.relays.relayOf(channel))?.cursor;
    if (cursor !== undefined) this.left.set(channel, cursor);
    this.drop(channel);
    this.tell({ type: "untrack", channel });
  }

  end(): void {
    for (const channel of [...this.channels.keys()]) this.drop(channel);
    this.isClosed = true;
  }

  private drop(channel: ChannelId): void {
    const held = this.channels.get(channel);
    this.channels.delete(channel);
    (held?.relay ?? this.relays.relayOf(channel))?.remove(this);
  }

  private welcome(cursors: ReadonlyMap<ChannelId, Seq>, isNew: boolean): void {
    const baseline: [ChannelId, Seq][] = [];
    const missing: [ChannelId, Held, RelayChannel<SessionModel>, Seq][] = [];
    const fresh: [ChannelId, Held, RelayChannel<SessionModel>, Seq][] = [];
    for (const [channel, held] of [...this.channels]) {
      const { relay } = held;
      const cursor = cursors.get(channel);
      if (relay === undefined) continue;
      if (cursor === undefined && !relay.fold.isMember(this.user)) this.drop(channel);
      else if (cursor !== undefined) {
        if (relay.fold.intervalsOf(this.user).length === 0) {
          this.drop(channel);
          continue;
        }
        const from = this.world.mutation.handsServerCursorOver ? relay.cursor : cursor;
        baseline.push([channel, from]);
        missing.push([channel, held, relay, from]);
      } else if (isNew) {
        held.isLive = true;
        relay.add(this);
        baseline.push([channel, relay.cursor]);
      } else fresh.push([channel, held, relay, (relay.fold.intervalsOf(this.user).at(-1)?.from ?? 1) - 1]);
    }
    this.isAttached = true;
    this.tell({ type: "attached", baseline });
    for (const [channel, held, relay, cursor] of missing) this.catchUp(channel, held, relay, cursor);
    for (const [channel, held, relay, cursor] of fresh) {
      this.begin(channel, cursor);
      this.catchUp(channel, held, relay, cursor);
    }
    for (const { channel, seq } of this.joinedMeanwhile.splice(0)) this.joined(channel, seq);
    for (const { ordinal, request } of this.waiting.splice(0)) this.request(ordinal, request);
  }

  private catchUp(channel: ChannelId, held: Held, relay: RelayChannel<SessionModel>, cursor: Seq): void {
    if (this.isClosed || this.channels.get(channel) !== held || held.isLive) return;
    // Ahead of the relay, which is late; a log that is shorter than a cursor does not occur here.
    if (cursor > relay.cursor) relay.hear(cursor);
    const missed = relay.tailAfter(cursor);
    if (missed !== undefined) {
      this.push(channel, relay.fold, cursor, missed);
      this.join(channel, held, relay);
      return;
    }
    this.world.store(channel).read(
      this.owner,
      (view) => view.after(cursor).slice(0, 4),
      (events) => {
        if (this.isClosed || this.channels.get(channel) !== held || held.isLive) return;
        const known = (events ?? []).filter((event) => event.seq <= relay.cursor).map(relayedForm);
        this.push(channel, relay.fold, cursor, known);
        const next = known.at(-1)?.seq ?? cursor;
        this.world.timeline.after(next === cursor ? 20 : 0, () => this.catchUp(channel, held, relay, next), this.owner);
      },
    );
  }

  private join(channel: ChannelId, held: Held, relay: RelayChannel<SessionModel>): void {
    if (!relay.fold.isMember(this.user)) {
      this.untrack(channel);
      return;
    }
    held.isLive = true;
    relay.add(this);
  }

  private push(channel: ChannelId, fold: ChannelFold, cursor: Seq, events: readonly RelayedEvent[]): void {
    let hidden: Seq = 0;
    for (const event of events) {
      if (event.seq <= cursor) continue;
      if (fold.maySee(this.user, event.seq)) {
        if (hidden > 0) this.tell({ type: "gap", channel, to: hidden });
        hidden = 0;
        this.tell({ type: "events", channel, from: event.seq, payloads: [event.payload] });
      } else if (fold.intervalsOf(this.user).some((interval) => interval.from > event.seq)) hidden = event.seq;
    }
    if (hidden > 0) this.tell({ type: "gap", channel, to: hidden });
  }
}
