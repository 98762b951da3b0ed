import type { ChannelId, Role, Seq, UserId, WelcomeFrame } from "@parley/protocol";
import type { ChannelFold } from "../channel/fold.ts";
import type { ReadMark } from "./users.ts";

export type ChannelEntry = WelcomeFrame["channels"][number];

/** One line of a user's list; undefined for somebody who is no member. `unread` is arithmetic, never a count. */
export function toEntry(
  user: UserId,
  channel: ChannelId,
  state: { readonly fold: ChannelFold; readonly head: Seq; readonly ordinal: number },
  read: ReadMark | undefined,
): ChannelEntry | undefined {
  const { fold, head, ordinal } = state;
  const role: Role | undefined = fold.roleOf(user);
  if (role === undefined || fold.kind === undefined) return undefined;
  const joinedAt = fold.intervalsOf(user).at(-1)?.ordinalBefore ?? 0;
  const unread = Math.max(0, ordinal - Math.max(read?.ordinal ?? 0, joinedAt));
  const named = fold.name === undefined ? {} : { name: fold.name };
  return { channel, kind: fold.kind, ...named, role, head, read: Math.min(read?.seq ?? 0, head), unread };
}
