import type { Attachment, GatewayLink, UpFrame } from "@parley/link";
import type { ClientSession } from "../session/client-session.ts";

/** The one link to a chat server, and the sessions that it holds for us. */
export class ServerLink {
  readonly node: string;
  readonly sessions = new Map<Attachment, ClientSession>();
  readonly #link: GatewayLink;

  constructor(link: GatewayLink, node: string) {
    this.#link = link;
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
    this.sessions.delete(session.attachment);
    this.send({ type: "detach", attachment: session.attachment, isMoving });
  }
}
