import type { AttachFrame, Attachment, ChatServerLink, UpFrame } from "@parley/link";
import { type ChannelId, closeCode, type Seq, type UserId } from "@parley/protocol";
import { sleep } from "../clock.ts";
import { Attacher } from "./attach.ts";
import { watchedBefore } from "./kept.ts";
import { isOlder, openingOf } from "./opening.ts";
import { handleRequest } from "./router.ts";
import type { Services } from "./services.ts";
import { Session } from "./session.ts";

const retryMs = 200;

/** All sessions of this server: from the gateways' links to {@link Session}, and away again. */
export class SessionsHost {
  private readonly services: Services;
  private readonly attacher: Attacher;
  private readonly links = new Map<ChatServerLink, Map<Attachment, Session>>();

  constructor(services: Services) {
    this.services = services;
    this.attacher = new Attacher(services);
  }

  /** Takes a gateway's link in; a second one of the same gateway is as good as the first. */
  acceptLink(link: ChatServerLink): void {
    const sessions = new Map<Attachment, Session>();
    this.links.set(link, sessions);
    link.onFrame((frame) => this.handle(link, sessions, frame));
    link.onClose(() => {
      this.links.delete(link);
      // The gateway attaches them anew, or died; either way the grace period tells.
      for (const session of sessions.values()) this.end(session, false);
      sessions.clear();
    });
  }

  *all(): Iterable<Session> {
    for (const sessions of this.links.values()) yield* sessions.values();
  }

  /** These users have become members: their sessions here get the channel. */
  joined(channel: ChannelId, users: readonly UserId[], seq: Seq): void {
    for (const user of users) {
      for (const session of this.services.users.find(user)?.sessions ?? []) this.attacher.joined(session, channel, seq);
    }
  }

  /** See {@link Attacher.sweep}. */
  sweep(session: Session): Promise<void> {
    return this.attacher.sweep(session);
  }

  private handle(link: ChatServerLink, sessions: Map<Attachment, Session>, frame: UpFrame): void {
    switch (frame.type) {
      case "attach":
        this.attach(link, sessions, frame);
        break;
      case "request": {
        const session = sessions.get(frame.attachment);
        if (session === undefined) return;
        if (session.stage === "attaching") session.waiting.push(frame);
        else handleRequest(this.services, session, frame);
        break;
      }
      case "detach": {
        const session = sessions.get(frame.attachment);
        sessions.delete(frame.attachment);
        if (session !== undefined) this.end(session, frame.isMoving);
        break;
      }
      default:
        frame satisfies never;
    }
  }

  private attach(link: ChatServerLink, sessions: Map<Attachment, Session>, frame: AttachFrame): void {
    const { clock, presence, relays, telemetry, users } = this.services;
    const owner = users.obtain(frame.user);
    const session = new Session(frame, openingOf(frame, clock), link, owner, relays);
    sessions.set(frame.attachment, session);
    users.add(session);
    telemetry.metrics.sessions.set(users.sessionCount);
    this.closeReplaced(session, frame.isNew);
    presence.enter(session);
    this.attachUntilDone(session, frame).catch((error: unknown) => {
      telemetry.logger.error({ err: error, user: frame.user }, "attach failed");
      session.closeSocket(closeCode.unavailable, "the server could not attach the session");
    });
  }

  private async attachUntilDone(session: Session, frame: AttachFrame): Promise<void> {
    const { clock, config, presence, telemetry } = this.services;
    const until = clock.now() + config.attachDeadlineMs;
    for (;;) {
      try {
        await this.attacher.attach(session, frame);
        break;
      } catch (error) {
        telemetry.logger.debug({ err: error }, "attach waits for the store");
        for (const [channel, held] of session.channels) if (held.record.relay === undefined) session.drop(channel);
        if (session.isClosed) return;
        if (clock.now() > until) {
          session.closeSocket(closeCode.unavailable, "the store does not answer");
          return;
        }
        await sleep(clock, retryMs * (0.5 + clock.random()));
      }
    }
    if (session.isClosed) return;
    const watched = watchedBefore(frame.kept);
    if (watched.length > 0) {
      session.watched = new Set(watched);
      await presence.watch(session, watched);
    }
    const waiting = session.waiting;
    session.waiting = [];
    for (const request of waiting) handleRequest(this.services, session, request);
  }

  /** One socket a device: the newer one stays. */
  private closeReplaced(session: Session, isNew: boolean): void {
    for (const other of session.owner.sessions) {
      if (other === session || other.device !== session.device || other.connection === session.connection) continue;
      const older = isOlder(session.opening, other.opening, isNew) ? session : other;
      older.closeSocket(closeCode.replaced, "the same device connected anew");
    }
  }

  private end(session: Session, isMoving: boolean): void {
    if (session.isClosed) return;
    const { presence, telemetry, users } = this.services;
    if (session.watched !== undefined) presence.unwatch(session, session.watched);
    session.end();
    users.remove(session);
    telemetry.metrics.sessions.set(users.sessionCount);
    const isHereAnew = [...session.owner.sessions].some((other) => other.connection === session.connection);
    if (!isHereAnew) presence.leave(session, isMoving);
  }
}
