import type { EventFrame, GapFrame, ResetFrame, Seq, WelcomeFrame } from "@parley/protocol";
import { ChannelFeed, type FeedPorts } from "./channel-feed.ts";
import type { ChannelSummary } from "./types.ts";

/** What `hello` may weigh, its token aside, so that it stays far below the frame limit. */
const helloBytesMax = 32 * 1_024;
/** They are kept with the cursors, where each costs the server a look at every `hello`. */
const leftChannelsMax = 64;

/** The feeds of all channels, and what a new session is told about them. */
export class Feeds {
  readonly #ports: FeedPorts;
  readonly #helloCursorsMax: number;
  /** The most recently active last. */
  readonly #feeds = new Map<string, ChannelFeed>();
  /** Followed channels that the last `hello` had no room for. */
  #leftOut = new Set<string>();
  /** Channels that we were in once, and up to where we saw them; bounded by {@link leftChannelsMax}. */
  readonly #left = new Map<string, Seq>();
  /** True once a `welcome` named every channel of ours: one that is new after that was joined while we were away. */
  #knowsAll = false;

  constructor(ports: FeedPorts, helloCursorsMax: number, cursors: Readonly<Record<string, Seq>>) {
    this.#ports = ports;
    this.#helloCursorsMax = helloCursorsMax;
    for (const [channel, cursor] of Object.entries(cursors)) this.#add(channel, cursor);
  }

  /**
   * Channel → last seq whose handlers have returned. Channels that we have left lately are among them: whoever is let in
   * again while the program does not run must not miss what was said since without being told.
   */
  cursors(): Record<string, Seq> {
    const cursors = Object.fromEntries(this.#left);
    for (const { channel, cursor } of this.#feeds.values()) cursors[channel] = cursor;
    return cursors;
  }

  /** The cursors for `hello`: the most recently active channels, as many as fit. */
  readHelloCursors(): Record<string, Seq> {
    const feeds = [...this.#feeds.values()].reverse();
    const cursors: [string, Seq][] = [];
    const leftOut = new Set<string>();
    let bytes = 0;
    for (const feed of feeds) {
      const cost = feed.channel.length + 20;
      if (cursors.length >= this.#helloCursorsMax || bytes + cost > helloBytesMax) leftOut.add(feed.channel);
      else {
        bytes += cost;
        cursors.push([feed.channel, feed.tail]);
      }
    }
    this.#leftOut = leftOut;
    return Object.fromEntries(cursors);
  }

  /**
   * A session stands. Channels left out of `hello` are live from the heads that `welcome` names, so what lies between
   * their tails and those heads is read. Channels seen for the first time are followed from their heads, unless they
   * were joined while we were away: those from the join. Returns true if there are channels left out that `welcome`
   * does not name: their heads must be asked for.
   */
  welcome(frame: WelcomeFrame): boolean {
    for (const { channel, head } of frame.channels) {
      if (this.#feeds.has(channel)) continue;
      const feed = this.#add(channel, this.#knowsAll ? (this.#left.get(channel) ?? 0) : head);
      feed.noteHead(head);
    }
    if (frame.more !== true) this.#knowsAll = true;
    return this.noteHeads(frame.channels);
  }

  /** Heads as pages of `channels` name them. Returns true while there are channels left out. */
  noteHeads(channels: readonly ChannelSummary[]): boolean {
    for (const { channel, head } of channels) {
      if (this.#leftOut.delete(channel)) this.#feeds.get(channel)?.noteHead(head);
    }
    return this.#leftOut.size > 0;
  }

  acceptEvent(event: EventFrame): void {
    const known = this.#feeds.get(event.channel);
    // One that we don't follow was joined just now: it begins with the first event that we may see.
    const feed = known ?? this.#add(event.channel, event.seq - 1);
    if (known !== undefined) this.#touch(known);
    feed.accept(event);
  }

  acceptGap(gap: GapFrame): void {
    const feed = this.#feeds.get(gap.channel) ?? this.#add(gap.channel, gap.from - 1);
    feed.acceptGap(gap.from, gap.to);
  }

  acceptReset(reset: ResetFrame): void {
    const feed = this.#feeds.get(reset.channel) ?? this.#add(reset.channel, reset.head);
    feed.acceptReset(reset.head);
  }

  /** We are no member any more. A feed with something still to come stays; coming back later starts a new one. */
  forget(channel: string, seq: Seq): void {
    const feed = this.#feeds.get(channel);
    if (feed === undefined || feed.tail !== seq) return;
    feed.close();
    this.#feeds.delete(channel);
    this.#left.delete(channel);
    this.#left.set(channel, seq);
    const [oldest] = this.#left.keys();
    if (this.#left.size > leftChannelsMax && oldest !== undefined) this.#left.delete(oldest);
  }

  close(): void {
    for (const feed of this.#feeds.values()) feed.close();
  }

  #add(channel: string, cursor: Seq): ChannelFeed {
    const feed = new ChannelFeed(channel, Math.max(0, cursor), this.#ports);
    this.#feeds.set(channel, feed);
    return feed;
  }

  /** Moves a channel to the end of the map, which is the order of activity. */
  #touch(feed: ChannelFeed): void {
    this.#feeds.delete(feed.channel);
    this.#feeds.set(feed.channel, feed);
  }
}
