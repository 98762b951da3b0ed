import type { ChannelId, Seq, UserId } from "@parley/protocol";
import type { Clock } from "../clock.ts";
import type { RelaySession } from "../relay/audience.ts";
import { RateLimit, type RateLimits } from "./rate-limit.ts";
import type { Session } from "./session.ts";

export interface ReadMark {
  readonly seq: Seq;
  /** Messages in 1..seq. */
  readonly ordinal: number;
}

/** One user with all devices that are here. */
export interface ChatUser {
  readonly user: UserId;
  readonly sessions: Set<Session>;
  readonly rate: RateLimit;
  /** As read from the store at the last attach, and moved forward since. */
  readonly reads: Map<ChannelId, ReadMark>;
}

/** The users of this server. **Bounds**: by the sessions that gateways place here. */
export class Users {
  private readonly users = new Map<UserId, ChatUser>();
  private readonly clock: Clock;
  private readonly rateLimits: RateLimits;
  sessionCount = 0;

  constructor(clock: Clock, rateLimits: RateLimits) {
    this.clock = clock;
    this.rateLimits = rateLimits;
  }

  all(): Iterable<ChatUser> {
    return this.users.values();
  }

  find(user: UserId): ChatUser | undefined {
    return this.users.get(user);
  }

  obtain(user: UserId): ChatUser {
    let found = this.users.get(user);
    if (found === undefined) {
      found = { user, sessions: new Set(), rate: new RateLimit(this.rateLimits, this.clock.now()), reads: new Map() };
      this.users.set(user, found);
    }
    return found;
  }

  add(session: Session): void {
    session.owner.sessions.add(session);
    this.users.set(session.user, session.owner);
    this.sessionCount++;
  }

  remove(session: Session): void {
    const { owner } = session;
    if (!owner.sessions.delete(session)) return;
    this.sessionCount--;
    if (owner.sessions.size === 0 && this.users.get(owner.user) === owner) this.users.delete(owner.user);
  }

  /** For the relay: sessions of a new member that do not have the channel yet and are not on their way to it. */
  *withoutChannel(user: UserId, channel: ChannelId): Iterable<RelaySession> {
    for (const session of this.users.get(user)?.sessions ?? []) {
      if (session.stage === "attached" && !session.channels.has(channel)) yield session;
    }
  }
}
