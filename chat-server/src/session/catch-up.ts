import type { ChannelId, Seq } from "@parley/protocol";
import type { MessageStore } from "@parley/store";
import type { LimitFunction } from "p-limit";
import type { ChannelFold } from "../channel/fold.ts";
import { type Clock, sleep } from "../clock.ts";
import type { RelaySession } from "../relay/audience.ts";
import type { PayloadOfEvent, RelayChannel } from "../relay/relay-channel.ts";
import { toRelayed } from "../relay/relayed-event.ts";
import { type Session, toPayload } from "./session.ts";

export interface CatchUpOptions {
  readonly clock: Clock;
  readonly store: MessageStore;
  /** Bounds how many resumes read from the store at once. */
  readonly limit: LimitFunction;
  /** A resume that misses more gets one `gap`; the client pages through `history`. */
  readonly eventsMax: number;
  readonly resetAgainMs: number;
}

const pageEvents = 200;

/**
 * Brings one session from its cursor to the channel's live stream: reads what it missed, joins the audience at the
 * very moment it has all (no buffer in between: the relay's tail closes the last step in one tick). What lies outside
 * the user's membership is announced by `gap` (rule 15); a cursor ahead of the log is reset (rule 16).
 * **Errors**: StoreError; the caller tries again from the gateway's cursor.
 */
export async function catchUp(session: Session, channel: ChannelId, from: Seq, options: CatchUpOptions): Promise<void> {
  const held = session.channels.get(channel);
  if (held === undefined) return;
  const relay = await held.record.ready;
  const isGone = (): boolean => session.isClosed || session.channels.get(channel) !== held || held.isLive;
  let cursor = from;
  if (cursor > relay.cursor) cursor = await checkAhead(session, relay, cursor, options);
  while (!isGone()) {
    const missed = relay.tailAfter(cursor);
    if (missed !== undefined) {
      push(session, relay.fold, cursor, missed);
      join(session, channel, relay);
      return;
    }
    if (relay.cursor - cursor > options.eventsMax) {
      session.link.send({ type: "gap", attachment: session.attachment, channel, to: relay.cursor });
      cursor = relay.cursor;
      continue;
    }
    const after = cursor;
    const page = await options.limit(() => options.store.readAfter(channel, after, { events: pageEvents }));
    // What is above the relay's cursor comes with the stream, judged by a fold that reaches so far.
    const events = page.events.filter((stored) => stored.event.seq <= relay.cursor).map((s) => toRelayed(s.event));
    const last = events.at(-1);
    if (isGone()) return;
    if (last === undefined) throw new Error(`channel ${channel}: nothing could be read after ${cursor}`);
    push(session, relay.fold, cursor, events);
    cursor = last.seq;
  }
}

/** At the cursor, in the same tick: live from here, or done where the membership has ended. */
function join(session: Session, channel: ChannelId, relay: RelayChannel<RelaySession>): void {
  const held = session.channels.get(channel);
  if (held === undefined) return;
  if (!relay.fold.isMember(session.user)) {
    session.untrack(channel);
    return;
  }
  held.isLive = true;
  relay.add(session);
}

/** Sends what the user may see of these consecutive events, holes in the membership as gaps. */
function push(session: Session, fold: ChannelFold, cursor: Seq, events: readonly PayloadOfEvent[]): void {
  const { attachment, link, user } = session;
  let run: PayloadOfEvent[] = [];
  let hidden: Seq = 0;
  const flushRun = (): void => {
    const first = run[0];
    if (first === undefined) return;
    const payloads = run.map((event) => event.payload);
    link.send({ type: "events", attachments: [attachment], channel: first.channel, from: first.seq, payloads });
    run = [];
  };
  const flushGap = (channel: ChannelId): void => {
    if (hidden > 0) link.send({ type: "gap", attachment, channel, to: hidden });
    hidden = 0;
  };
  for (const event of events) {
    if (event.seq <= cursor) continue;
    if (fold.maySee(user, event.seq)) {
      flushGap(event.channel);
      run.push(event);
    } else {
      flushRun();
      // Somebody who has left for good learns nothing of how far the channel went on.
      if (mayComeBack(fold, user, event.seq)) hidden = event.seq;
    }
  }
  flushRun();
  const channel = events[0]?.channel;
  if (channel !== undefined) flushGap(channel);
}

function mayComeBack(fold: ChannelFold, user: string, seq: Seq): boolean {
  return fold.intervalsOf(user).some((interval) => interval.from > seq);
}

/** The cursor is ahead of what the relay knows: the relay is late, or the store was restored from a backup. */
async function checkAhead(
  session: Session,
  relay: RelayChannel<RelaySession>,
  cursor: Seq,
  options: CatchUpOptions,
): Promise<Seq> {
  const { channel } = relay;
  for (let attempt = 0; attempt < 2; attempt++) {
    // Begun after the attach, and not shared with later ones: an older read would reset a client that is right.
    const head = await options.store.head(channel);
    if (head >= cursor) {
      relay.hear(head);
      return cursor;
    }
    if (attempt === 0) await sleep(options.clock, options.resetAgainMs);
  }
  const head = relay.cursor;
  const payload = toPayload({ type: "reset", channel, head });
  session.link.send({ type: "reset", attachment: session.attachment, channel, head, payload });
  return head;
}
