import type { AttachFrame } from "@parley/link";
import type { ChannelId, Seq, WelcomeFrame } from "@parley/protocol";
import type { UserIndex } from "@parley/store";
import pLimit, { type LimitFunction } from "p-limit";
import { sleep } from "../clock.ts";
import { FreshHeadsHost } from "../relay/fresh-heads-host.ts";
import { catchUp } from "./catch-up.ts";
import { type ChannelEntry, toEntry } from "./channel-list.ts";
import type { Services } from "./services.ts";
import { type Session, toPayload } from "./session.ts";

/** `welcome` names so many channels. */
const welcomeMax = 200;
const retryMs = 250;
const resetAgainMs = 1_000;

/** Gives sessions their channels: at attach, and when they join one later. */
export class Attacher {
  private readonly services: Services;
  private readonly reads: LimitFunction;
  private readonly follows = pLimit(64);
  private readonly heads: FreshHeadsHost;

  constructor(services: Services) {
    this.services = services;
    this.reads = pLimit(services.config.resumeReadsMax);
    this.heads = new FreshHeadsHost(services.clock, services.store, services.relays);
  }

  /**
   * Follows every channel of the user, answers `attached` (with `welcome` for a new session), then sends what was
   * missed. **Errors**: StoreError; nothing was sent then, and it may be called again.
   */
  async attach(session: Session, frame: AttachFrame): Promise<void> {
    const { relays, store } = this.services;
    const index = await store.readUser(session.user);
    for (const [channel, mark] of index.reads) {
      if ((session.owner.reads.get(channel)?.seq ?? 0) < mark.seq) session.owner.reads.set(channel, mark);
    }
    const cursors = new Map(frame.cursors);
    const listed = [...index.channels].filter(([, { in: entered, out }]) => entered > out).map(([channel]) => channel);
    const sorted = listed.length <= welcomeMax ? listed : await this.sortByActivity(listed);
    const first = sorted.slice(0, welcomeMax);
    const departed = [...cursors.keys()].filter((channel) => !index.channels.has(channel) || !listed.includes(channel));
    const now = new Set([...first, ...departed, ...sorted.filter((channel) => cursors.has(channel))]);
    // Those that are followed since before may be a message behind; the others are read only now.
    const since = [...now].map((channel) => relays.find(channel)).filter((record) => record?.relay !== undefined);
    await Promise.all([...now].map((channel) => this.follow(session, channel)));
    await this.heads.check(since.filter((record) => record !== undefined));
    if (session.isClosed) return;
    this.welcome(session, frame, cursors, first, index, sorted.length > welcomeMax);
    for (const { channel, seq } of session.joinedMeanwhile.splice(0)) this.joined(session, channel, seq);
    const later = sorted.filter((channel) => !now.has(channel));
    if (later.length > 0) this.followLater(session, frame, later);
  }

  /** The user has become a member by the event `seq`; the session gets the channel from its first event on. */
  joined(session: Session, channel: ChannelId, seq: Seq): void {
    if (session.stage === "attaching") {
      session.joinedMeanwhile.push({ channel, seq });
      return;
    }
    if (session.isClosed || session.channels.has(channel)) return;
    this.attempt(session, channel, async () => {
      await this.follow(session, channel);
      await this.startFromJoin(session, channel, seq);
    });
  }

  /**
   * Compares the session's channels with the user index: the word that somebody has become a member may have been lost.
   * **Errors**: StoreError.
   */
  async sweep(session: Session): Promise<void> {
    if (session.stage !== "attached") return;
    const index = await this.services.store.readUser(session.user);
    for (const [channel, { in: entered, out }] of index.channels) {
      // The word of a leave reaches the index late; the session knows better.
      if (entered > out && !session.channels.has(channel) && !session.hasLeft(channel, entered)) {
        this.joined(session, channel, entered);
      }
    }
  }

  private async follow(session: Session, channel: ChannelId): Promise<void> {
    // The bound is on what is begun: a hello may name thousands of channels.
    await this.follows(async () => {
      if (session.isClosed) return;
      let held = session.channels.get(channel);
      if (held === undefined) {
        held = { record: this.services.relays.hold(channel), isLive: false };
        session.channels.set(channel, held);
      }
      // Also where an earlier try has begun it: nobody goes on before the channel stands.
      await held.record.ready;
    });
  }

  /** One tick: what `welcome` says, where each channel is live from, and the audience agree. */
  private welcome(
    session: Session,
    frame: AttachFrame,
    cursors: ReadonlyMap<ChannelId, Seq>,
    first: readonly ChannelId[],
    index: UserIndex,
    more: boolean,
  ): void {
    const baseline: [ChannelId, Seq][] = [];
    const missing: [ChannelId, Seq][] = [];
    const fresh: ChannelId[] = [];
    for (const [channel, held] of [...session.channels]) {
      const { relay } = held.record;
      const cursor = cursors.get(channel);
      if (relay === undefined) throw new Error(`channel ${channel}: welcomed before it was followed`);
      if (cursor === undefined && !relay.fold.isMember(session.user)) {
        // The index is a superset; the log decides (rule 19).
        session.drop(channel);
      } else if (cursor !== undefined) {
        if (relay.fold.intervalsOf(session.user).length === 0) {
          // Never a member: as if it did not exist.
          session.drop(channel);
          continue;
        }
        baseline.push([channel, cursor]);
        missing.push([channel, cursor]);
      } else if (frame.isNew) {
        held.isLive = true;
        relay.add(session);
        baseline.push([channel, relay.cursor]);
      } else {
        // Joined while the session was on its way: from the first event that the member may see.
        fresh.push(channel);
      }
    }
    session.stage = "attached";
    const { attachment, link } = session;
    if (frame.isNew) {
      const payload = toPayload(this.toWelcome(session, first, index, more));
      link.send({ type: "attached", attachment, baseline, payload });
    } else {
      link.send({ type: "attached", attachment, baseline });
    }
    for (const [channel, cursor] of missing)
      this.attempt(session, channel, () => this.catchUp(session, channel, cursor));
    for (const channel of fresh) this.attempt(session, channel, () => this.startFromJoin(session, channel, 0));
  }

  private toWelcome(session: Session, first: readonly ChannelId[], index: UserIndex, more: boolean): WelcomeFrame {
    const { user } = session;
    const entries: { entry: ChannelEntry; time: number }[] = [];
    for (const channel of first) {
      const relay = session.channels.get(channel)?.record.relay;
      if (relay === undefined) continue;
      const state = { fold: relay.fold, head: relay.cursor, ordinal: relay.ordinal };
      const entry = toEntry(user, channel, state, session.owner.reads.get(channel) ?? index.reads.get(channel));
      if (entry !== undefined) entries.push({ entry, time: relay.time });
    }
    entries.sort((a, b) => b.time - a.time || (a.entry.channel < b.entry.channel ? -1 : 1));
    return {
      type: "welcome",
      session: session.connection,
      user,
      time: this.services.clock.wallNow(),
      heartbeatMs: this.services.config.heartbeatMs,
      channels: entries.map(({ entry }) => entry),
      ...(more ? { more: true as const } : {}),
    };
  }

  /** Channels beyond those that `welcome` names: live from when they are followed, without holding welcome up. */
  private followLater(session: Session, frame: AttachFrame, channels: readonly ChannelId[]): void {
    for (const channel of channels) {
      this.attempt(session, channel, async () => {
        await this.follow(session, channel);
        const held = session.channels.get(channel);
        const relay = held?.record.relay;
        if (held === undefined || relay === undefined || held.isLive || session.isClosed) return;
        if (!relay.fold.isMember(session.user)) return session.drop(channel);
        if (!frame.isNew) return this.startFromJoin(session, channel, 0);
        session.track(channel, relay.cursor);
        relay.add(session);
      });
    }
  }

  /**
   * Begins at the first event of the membership, which only the log's fold knows: the index's mark may lie above it.
   * `heardSeq`: an event that the log is said to hold.
   */
  private async startFromJoin(session: Session, channel: ChannelId, heardSeq: Seq): Promise<void> {
    const held = session.channels.get(channel);
    if (session.isClosed || held === undefined || held.isLive) return;
    const fold = held.record.relay?.fold;
    const from = fold?.intervalsOf(session.user).at(-1)?.from;
    if (from === undefined || fold?.isMember(session.user) !== true) {
      // Left again, or the relay is a message behind and adds the session when it learns of the join.
      session.drop(channel);
      this.services.relays.hear(channel, heardSeq);
      return;
    }
    session.begin(channel, from - 1);
    await this.catchUp(session, channel, from - 1);
  }

  private catchUp(session: Session, channel: ChannelId, cursor: Seq): Promise<void> {
    const { clock, config, store } = this.services;
    const options = { clock, store, limit: this.reads, eventsMax: config.resumeEventsMax, resetAgainMs };
    return catchUp(session, channel, cursor, options);
  }

  /** Until it works or the session has gone: the gateway drops what it has already. */
  private attempt(session: Session, channel: ChannelId, work: () => Promise<void> | void): void {
    const { clock } = this.services;
    const run = async (): Promise<void> => {
      for (;;) {
        try {
          await work();
          return;
        } catch (error) {
          this.services.telemetry.logger.debug({ err: error, channel }, "resume waits for the store");
          await sleep(clock, retryMs * (0.5 + clock.random()));
          if (session.isClosed) return;
          const held = session.channels.get(channel);
          // A record that failed is not followed: let go, so that the next try begins anew.
          if (held !== undefined && held.record.relay === undefined) session.drop(channel);
        }
      }
    };
    void run();
  }

  private async sortByActivity(channels: readonly ChannelId[]): Promise<ChannelId[]> {
    const summaries = await this.services.store.readSummaries(channels);
    const activeAt = (channel: ChannelId): number => summaries.get(channel)?.activeAt ?? 0;
    return [...channels].sort((a, b) => activeAt(b) - activeAt(a) || (a < b ? -1 : 1));
  }
}
