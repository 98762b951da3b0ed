import type { Attachment, GatewayLink, UpFrame } from "@parley/link";
import type { ClientSession } from "../session/client-session.ts";

/** The one link to a chat server, and the sessions that it holds for us. */
export class ServerLink {
  readonly node: string;
  readonly sessions = new Map<Attachment, ClientSession>();
  /** Sessions that are on their way here and still served elsewhere. */
  readonly arriving = new Map<Attachment, ClientSession>();
  readonly #link: GatewayLink;
  readonly #now: () => number;

  /** `now`: monotonic ms. */
  constructor(link: GatewayLink, node: string, now: () => number) {
    this.#link = link;
    this.#now = now;
    this.node = node;
  }

  get isOpen(): boolean {
    return this.#link.isOpen;
  }

  send(frame: UpFrame): void {
    this.#link.send(frame);
  }

  close(reason: string): void {
    this.#link.close(reason);
  }

  /** The session is no longer here: frames that still come for its attachment are dropped (rule 13). */
  detach(session: ClientSession, isMoving: boolean): void {
    this.leave(session.attachment, isMoving);
  }

  /** The same for an attachment that is not the session's current one. */
  leave(attachment: Attachment, isMoving: boolean): void {
    this.sessions.delete(attachment);
    this.arriving.delete(attachment);
    this.send({ type: "detach", attachment, isMoving });
  }

  /** Asks the chat server to hold the session, from our own cursors. */
  attach(session: ClientSession, attachment: Attachment): void {
    this.send({
      type: "attach",
      attachment,
      connection: session.connection,
      user: session.user,
      device: session.device,
      tokenExpiresAt: session.tokenExpiresAt,
      isNew: !session.hasWelcome,
      cursors: session.helloCursors ?? session.cursors.entries(),
      since: session.since,
      ageMs: Math.max(0, Math.round(this.#now() - session.openedAt)),
      ...(session.name !== undefined && { name: session.name }),
      ...(session.kept !== undefined && { kept: session.kept }),
    });
  }
}
