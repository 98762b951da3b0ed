import type { InvokeLine } from "../history/lines.ts";
import { type ChannelLog, findMembership } from "./channel-log.ts";

/** Whether `not_found` was true after the first `seq` events: what the request points at was not there for this user. */
export function isNotFound(log: ChannelLog, user: string, asked: InvokeLine, seq: number): boolean {
  const { type, subject, target, replyTo } = asked;
  // What an older recorder left out can't be judged.
  if (type === "channel.remove" || type === "channel.role") {
    return subject === undefined || log.roleAt(subject, seq) === undefined;
  }
  const pointedAt = type === "send" ? replyTo : target;
  if (pointedAt === undefined) return type === "send";
  const event = log.find(pointedAt);
  if (event?.kind !== "message" || pointedAt > seq) return true;
  const deletion = log.deletionOf(pointedAt);
  if (deletion !== undefined && deletion.seq <= seq) return true;
  return findMembership(log, user, pointedAt) === undefined;
}

/** Whether `forbidden` was true after the first `seq` events. Somebody who is not in gets another answer. */
export function isForbidden(
  log: ChannelLog,
  user: string,
  asked: InvokeLine,
  seq: number,
  membersMax: number,
): boolean {
  const role = log.roleAt(user, seq);
  if (role === undefined) return false;
  switch (asked.type) {
    case "send":
    case "react":
      return role === "reader";
    case "edit":
      return role === "reader" || !isOwn(log, user, asked);
    case "delete":
      return role === "reader" || (!isModerating(role) && !isOwn(log, user, asked));
    case "channel.create":
      return true;
    default:
      return log.kind === "direct" || isMembershipForbidden(log, user, role, asked, seq, membersMax);
  }
}

function isMembershipForbidden(
  log: ChannelLog,
  user: string,
  role: string,
  { type, subject, role: wanted }: InvokeLine,
  seq: number,
  membersMax: number,
): boolean {
  const { members, owners } = log.sizeAt(seq);
  const isLastOwner = (who: string): boolean => owners === 1 && log.roleAt(who, seq) === "owner";
  if (type === "channel.leave") return isLastOwner(user) && members > 1;
  if (subject === undefined) return true;
  const theirs = log.roleAt(subject, seq);
  if (type === "channel.invite") return !isModerating(role) || theirs !== undefined || members >= membersMax;
  if (type === "channel.role") return role !== "owner" || (isLastOwner(subject) && wanted !== "owner");
  if (subject === user) return isLastOwner(user) && members > 1;
  if (!isModerating(role)) return true;
  return (role !== "owner" && isModerating(theirs)) || (isLastOwner(subject) && members > 1);
}

function isOwn(log: ChannelLog, user: string, { target }: InvokeLine): boolean {
  return target !== undefined && log.find(target)?.sender === user;
}

function isModerating(role: string | undefined): boolean {
  return role === "owner" || role === "moderator";
}
