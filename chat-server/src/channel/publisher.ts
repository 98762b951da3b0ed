import type { NodeId } from "@parley/cluster";
import type { ChannelId, Seq } from "@parley/protocol";
import type { LogEvent } from "@parley/store";
import type { Clock } from "../clock.ts";
import type { Peers } from "../peer/peers.ts";
import { type RelayedEvent, toRelayed } from "../relay/relayed-event.ts";
import type { Homes } from "./homes.ts";

/**
 * Longer than a view may be late. A server that lost its lease takes it anew and tells its interest at once, which may
 * come before the view in which it is missing; it will not tell it again.
 */
const viewLateMs = 10_000;
const nobody: readonly NodeId[] = [];

/**
 * Tells what is durable: to the relay of this server by a call, to each other server with members online through its
 * inbox. Who is interested is soft state; what it lacks is found by the relays' head checks.
 */
export class Publisher {
  private readonly clock: Clock;
  private readonly homes: Homes;
  private readonly peers: Peers;
  private readonly deliverHere: (channel: ChannelId, events: readonly RelayedEvent[]) => void;
  private readonly joinedHere: (channel: ChannelId, users: readonly string[], seq: number) => void;
  private readonly onPublished: (channel: ChannelId, head: Seq) => void;
  private readonly onJoinTold: (channel: ChannelId, users: readonly string[], seq: Seq) => void;
  /** Lists, never changed in place: few servers are interested in one channel, and every message asks for them. */
  private readonly interested = new Map<ChannelId, readonly NodeId[]>();
  /** When each server last told an interest. */
  private readonly toldAt = new Map<NodeId, number>();
  /** What was told last, and to whom. */
  private last: {
    readonly channel: ChannelId;
    readonly from: Seq;
    readonly to: Seq;
    readonly nodes: readonly NodeId[];
  };

  constructor(options: {
    clock: Clock;
    homes: Homes;
    peers: Peers;
    deliverHere: (channel: ChannelId, events: readonly RelayedEvent[]) => void;
    joinedHere: (channel: ChannelId, users: readonly string[], seq: number) => void;
    onPublished: (channel: ChannelId, head: Seq) => void;
    /** Some servers were told that these users have become members, and may not have heard it. */
    onJoinTold: (channel: ChannelId, users: readonly string[], seq: Seq) => void;
  }) {
    this.last = { channel: "", from: 0, to: 0, nodes: [] };
    this.clock = options.clock;
    this.homes = options.homes;
    this.peers = options.peers;
    this.deliverHere = options.deliverHere;
    this.joinedHere = options.joinedHere;
    this.onPublished = options.onPublished;
    this.onJoinTold = options.onJoinTold;
  }

  settled(channel: ChannelId, events: readonly LogEvent[]): void {
    const relayed = events.map(toRelayed);
    this.deliverHere(channel, relayed);
    const receivers = this.receiversOf(channel);
    if (receivers.length > 0) {
      const packed = this.peers.pack({ type: "events", channel, events: relayed });
      for (const node of receivers) this.peers.sendPacked(node, packed);
    }
    this.last = { channel, from: events[0]?.seq ?? 0, to: events.at(-1)?.seq ?? 0, nodes: receivers };
    // Also where nobody was told: our view may be behind, and those who are interested have told another home.
    this.onPublished(channel, events.at(-1)?.seq ?? 0);
    for (const { body, seq } of events) {
      const users = body.kind === "created" ? body.members.map((member) => member.user) : [];
      if (body.kind === "member" && body.change === "joined") users.push(body.user);
      if (users.length === 0) continue;
      this.joinedHere(channel, users, seq);
      this.tellJoined(channel, users, seq);
      if (this.homes.others().length > 0) this.onJoinTold(channel, users, seq);
    }
  }

  /**
   * Whether the server has just been told of this event, by what was published last: its own request is answered by
   * that (rule 11), so that an answer beside it would be said twice.
   */
  hasJustTold(node: NodeId, channel: ChannelId, seq: Seq): boolean {
    const { last } = this;
    return last.channel === channel && seq >= last.from && seq <= last.to && last.nodes.includes(node);
  }

  /** Tells heads once more to all who were told of the events. */
  tellHeads(heads: ReadonlyMap<ChannelId, Seq>): void {
    const byNode = new Map<NodeId, [ChannelId, Seq][]>();
    for (const [channel, head] of heads) {
      for (const node of this.receiversOf(channel)) {
        const list = byNode.get(node);
        if (list === undefined) byNode.set(node, [[channel, head]]);
        else list.push([channel, head]);
      }
    }
    for (const [node, list] of byNode) this.peers.send(node, { type: "heads", heads: list });
  }

  /** Passes a receipt or typing on to all servers with members online. */
  cast(channel: ChannelId, from: string, payload: Uint8Array, origin?: NodeId): void {
    const receivers = this.interested.get(channel);
    if (receivers === undefined) return;
    const packed = this.peers.pack({ type: "cast", channel, isFromHome: true, from, payload });
    // The origin has told its own sessions already.
    for (const node of receivers) if (node !== origin) this.peers.sendPacked(node, packed);
  }

  addInterest(node: NodeId, channels: readonly ChannelId[]): void {
    this.toldAt.set(node, this.clock.now());
    for (const channel of channels) {
      const nodes = this.interested.get(channel);
      if (nodes === undefined) this.interested.set(channel, [node]);
      else if (!nodes.includes(node)) this.interested.set(channel, [...nodes, node]);
    }
  }

  removeInterest(node: NodeId, channels: Iterable<ChannelId> = this.interested.keys()): void {
    for (const channel of channels) this.keep(channel, (other) => other !== node);
  }

  /** Forgets the interest of servers whose lease has gone, unless they told it so lately that the view may be older. */
  keepOnly(nodes: ReadonlySet<NodeId>): void {
    const now = this.clock.now();
    const hasGone = (node: NodeId): boolean => !nodes.has(node) && now - (this.toldAt.get(node) ?? 0) >= viewLateMs;
    for (const node of [...this.toldAt.keys()]) if (hasGone(node)) this.toldAt.delete(node);
    for (const channel of this.interested.keys()) this.keep(channel, (node) => !hasGone(node));
  }

  private keep(channel: ChannelId, isKept: (node: NodeId) => boolean): void {
    const nodes = this.interested.get(channel);
    if (nodes === undefined || nodes.every(isKept)) return;
    const kept = nodes.filter(isKept);
    if (kept.length === 0) this.interested.delete(channel);
    else this.interested.set(channel, kept);
  }

  private receiversOf(channel: ChannelId): readonly NodeId[] {
    // A stand-in does not know who is interested: all may be. It happens only while the home is out of reach.
    if (!this.homes.isHome(channel)) return this.homes.others();
    return this.interested.get(channel) ?? nobody;
  }

  /** To everybody: only the server that holds a user's sessions knows that it does. Rare, as joins are. */
  tellJoined(channel: ChannelId, users: readonly string[], seq: Seq): void {
    const packed = this.peers.pack({ type: "joined", channel, users, seq });
    for (const node of this.homes.others()) this.peers.sendPacked(node, packed);
  }
}
