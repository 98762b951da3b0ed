import type { ChannelId, ReadFrame, TypingFrame } from "@parley/protocol";
import { done, type Outcome } from "../outcome.ts";
import type { Services } from "../services.ts";
import { type Session, toPayload } from "../session.ts";

/** Moves the user's read mark forward and tells the members. A stranger's, or one that goes back, changes nothing. */
export function handleRead(services: Services, session: Session, frame: ReadFrame): Outcome {
  const { channel, seq } = frame;
  const relay = session.channels.get(channel)?.record.relay;
  if (relay === undefined || !relay.fold.maySee(session.user, Math.min(seq, relay.cursor))) return done;
  const read = Math.min(seq, relay.cursor);
  if (services.readMarks.advance(session.owner, channel, read, relay.ordinalAt(read))) {
    castAll(services, session, channel, toPayload({ type: "receipt", channel, user: session.user, read }));
  }
  return done;
}

export function handleTyping(services: Services, session: Session, frame: TypingFrame): Outcome {
  const { channel } = frame;
  const relay = session.channels.get(channel)?.record.relay;
  const role = relay?.fold.roleOf(session.user);
  if (role === undefined || role === "reader") return done;
  castAll(services, session, channel, toPayload({ type: "typing", channel, user: session.user }));
  return done;
}

/** To the members here, and through the channel's home to all others. Best effort. */
function castAll(services: Services, session: Session, channel: ChannelId, payload: Uint8Array): void {
  const { homes, peers, publisher, relays } = services;
  relays.cast(channel, session.user, payload);
  const home = homes.homeOf(channel);
  if (home === homes.self) publisher.cast(channel, session.user, payload);
  else peers.send(home, { type: "cast", channel, isFromHome: false, from: session.user, payload });
}
