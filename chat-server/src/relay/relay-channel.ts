import type { ChannelId, Seq, UserId } from "@parley/protocol";
import type { ChannelFold } from "../channel/fold.ts";
import type { RelayedEvent } from "./relayed-event.ts";
import { Tail } from "./tail.ts";

/** What a relay asks of the world. */
export interface RelayEffects<Session> {
  /** Events from, from+1, … for everybody in the channel's audience. */
  deliver(from: Seq, payloads: readonly Uint8Array[]): void;
  /** Reads on after `after`; answered by `onRead` or `onReadFailed`. `attempt` counts the reads in a row that brought
   *  nothing new: the host waits longer with each. */
  read(after: Seq, attempt: number): void;
  /** The sessions of a user who has just become a member, which are here but not in the audience. */
  sessionsOf(user: UserId): Iterable<Session>;
  /** The session's first event of this channel will be cursor+1. */
  track(session: Session, cursor: Seq): void;
  /** The session's membership has ended; nothing more may be written to it. */
  untrack(session: Session): void;
}

/** What a resume sends of an event. */
export type PayloadOfEvent = Pick<RelayedEvent, "channel" | "seq" | "payload">;

/**
 * One channel's way to the sessions of this server: `seq` as expected → deliver; older → drop; a hole → read it from
 * the store first. A pure state machine; whoever loses a message on the way to here is repaired from the log.
 *
 * **Order**: each event once, ascending, without holes (I4). **Membership** is that of the log before each event
 * (rule 15), so a removed member gets the removal and nothing after it (I6).
 */
export class RelayChannel<Session extends { readonly user: UserId }> {
  readonly channel: ChannelId;
  /** Everything up to here was handed to the audience. */
  cursor: Seq;
  /** Messages in 1..cursor. */
  ordinal: number;
  /** Time of the event at the cursor, ms. */
  time: number;
  readonly fold: ChannelFold;
  /** Sessions that are at the cursor. */
  readonly audience = new Set<Session>();
  /** Grows with each change of the audience: whoever groups it can keep the grouping until then. */
  audienceVersion = 0;
  private readonly effects: RelayEffects<Session>;
  /** The last events up to the cursor. */
  private readonly tail = new Tail();
  private wanted: Seq = 0;
  private isReading = false;
  private fruitless = 0;

  constructor(
    channel: ChannelId,
    start: { readonly head: Seq; readonly ordinal: number; readonly time: number; readonly fold: ChannelFold },
    effects: RelayEffects<Session>,
  ) {
    this.channel = channel;
    this.cursor = start.head;
    this.ordinal = start.ordinal;
    this.time = start.time;
    this.fold = start.fold;
    this.effects = effects;
  }

  /** Takes in events of this channel, ascending, from wherever they come: the bus, the home, the store. */
  learn(events: readonly RelayedEvent[]): void {
    const only = events[0];
    // What nearly always comes: the next message.
    if (only !== undefined && events.length === 1 && only.seq === this.cursor + 1 && only.body === undefined) {
      this.advance(only);
      if (this.audience.size > 0) this.effects.deliver(only.seq, [only.payload]);
      return;
    }
    let from = this.cursor + 1;
    let payloads: Uint8Array[] = [];
    const flush = (): void => {
      if (payloads.length > 0 && this.audience.size > 0) this.effects.deliver(from, payloads);
      from = this.cursor + 1;
      payloads = [];
    };
    for (const event of events) {
      if (event.seq <= this.cursor) continue;
      if (event.seq > this.cursor + 1) {
        flush();
        this.hear(event.seq);
        return;
      }
      const body = event.body;
      if (body === undefined) {
        payloads.push(event.payload);
        this.advance(event);
        continue;
      }
      flush();
      const joining = body.kind === "created" ? body.members.map((m) => m.user) : [];
      if (body.kind === "member" && body.change === "joined") joining.push(body.user);
      this.fold.apply(event);
      for (const user of joining) {
        for (const session of this.effects.sessionsOf(user)) {
          if (this.audience.has(session)) continue;
          this.effects.track(session, event.seq - 1);
          this.add(session);
        }
      }
      payloads.push(event.payload);
      this.advance(event);
      flush();
      if (body.kind === "member" && (body.change === "left" || body.change === "removed")) this.expel(body.user);
    }
    flush();
  }

  /** Somebody says that the log reaches to `seq`. */
  hear(seq: Seq): void {
    if (seq <= this.cursor) return;
    this.wanted = Math.max(this.wanted, seq);
    this.readOn();
  }

  /** `isEnd`: the log went no further when it was read. */
  onRead(events: readonly RelayedEvent[], isEnd: boolean): void {
    this.isReading = false;
    const before = this.cursor;
    this.learn(events);
    // Who told us to look may not have known how far the log goes, and may not tell again.
    if (!isEnd && this.cursor > before) this.wanted = Math.max(this.wanted, this.cursor + 1);
    this.fruitless = this.cursor > before ? 0 : this.fruitless + 1;
    if (this.wanted > this.cursor) this.readOn();
  }

  onReadFailed(): void {
    this.isReading = false;
    this.fruitless++;
    if (this.wanted > this.cursor) this.readOn();
  }

  /** The session stands at the cursor and gets what follows. **Errors**: throws for somebody who is no member. */
  add(session: Session): void {
    if (!this.fold.isMember(session.user)) throw new Error("only a member's session joins the audience");
    this.audience.add(session);
    this.audienceVersion++;
  }

  remove(session: Session): void {
    if (this.audience.delete(session)) this.audienceVersion++;
  }

  /** The events after `after` up to the cursor, where the tail still has them all. */
  tailAfter(after: Seq): readonly PayloadOfEvent[] | undefined {
    if (after >= this.cursor) return [];
    const first = this.tailFrom;
    if (first > after + 1) return undefined;
    const { channel } = this;
    return this.tail
      .payloadsFrom(after + 1 - first)
      .map((payload, index) => ({ channel, seq: after + 1 + index, payload }));
  }

  /** Messages in 1..seq, where the tail still knows. */
  ordinalAt(seq: Seq): number | undefined {
    return seq === this.cursor ? this.ordinal : this.tail.ordinalAt(seq - this.tailFrom);
  }

  /** seq of the first event in the tail; one beyond the cursor where it is empty. */
  private get tailFrom(): Seq {
    return this.cursor + 1 - this.tail.length;
  }

  private expel(user: UserId): void {
    for (const session of [...this.audience]) {
      if (session.user !== user) continue;
      this.remove(session);
      this.effects.untrack(session);
    }
  }

  private advance(event: RelayedEvent): void {
    this.cursor = event.seq;
    this.ordinal = event.ordinal;
    this.time = event.time;
    this.fold.seq = event.seq;
    this.tail.push(event.payload, event.ordinal);
  }

  private readOn(): void {
    if (this.isReading) return;
    this.isReading = true;
    this.effects.read(this.cursor, this.fruitless);
  }
}
