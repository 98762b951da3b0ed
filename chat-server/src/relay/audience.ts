import type { Attachment, ChatServerLink } from "@parley/link";
import type { ChannelId, Seq, UserId } from "@parley/protocol";

/** What the relay needs to know of a session. */
export interface RelaySession {
  readonly user: UserId;
  readonly link: ChatServerLink;
  readonly attachment: Attachment;
  /** The channel is the session's from now on; its first event will be cursor+1. */
  track(channel: ChannelId, cursor: Seq): void;
  /** The membership has ended. */
  untrack(channel: ChannelId): void;
}

export interface LinkGroup {
  readonly link: ChatServerLink;
  readonly attachments: readonly Attachment[];
}

/** One frame a gateway, however many of its sockets are in the channel. */
export function groupByLink(
  sessions: Iterable<RelaySession>,
  isIn: (session: RelaySession) => boolean,
): readonly LinkGroup[] {
  const groups = new Map<ChatServerLink, Attachment[]>();
  for (const session of sessions) {
    if (!isIn(session)) continue;
    const group = groups.get(session.link);
    if (group === undefined) groups.set(session.link, [session.attachment]);
    else group.push(session.attachment);
  }
  return [...groups].map(([link, attachments]) => ({ link, attachments }));
}
