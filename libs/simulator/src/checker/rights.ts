import type { History } from "../history/history.ts";
import type { InvokeLine } from "../history/lines.ts";
import { isMadeOf } from "./appends.ts";
import { type ChannelLog, type ChannelLogs, findMembership, logLine } from "./channel-log.ts";
import type { Terms } from "./terms.ts";
import type { Findings } from "./violation.ts";

/** R5: whoever numbers an event judges it on the log before it, so everything in a log was right there and then. */
export function checkRights(history: History, logs: ChannelLogs, { membersMax }: Terms, findings: Findings): void {
  for (const log of logs.values()) {
    for (const event of log.read) {
      const request = history.requests.get(`${event.sender}/${event.id ?? ""}`);
      const invoke = request?.attempts.find((attempt) => isMadeOf(log, event, attempt.invoke))?.invoke;
      if (event.kind === "created" || event.kind === "noop" || invoke === undefined) continue;
      const why = findWrong(log, event.sender, invoke, event.seq - 1, membersMax);
      if (why === undefined) continue;
      findings.add("R5", `${log.channel}/${event.seq} is stored, and ${event.sender} ${why}`, [invoke, logLine(event)]);
    }
  }
}

const aboutSomebody: ReadonlySet<string> = new Set(["channel.invite", "channel.remove", "channel.role"]);

function findWrong(log: ChannelLog, user: string, asked: InvokeLine, seq: number, membersMax: number) {
  if (log.roleAt(user, seq) === undefined) return "was no member then";
  // What an older recorder left out can't be judged.
  if (aboutSomebody.has(asked.type) && asked.subject === undefined) return undefined;
  if (isForbidden(log, user, asked, seq, membersMax)) return "had no right to it then";
  if (isPointing(asked) && isNotFound(log, user, asked, seq)) return "could not see then what it points at";
  return undefined;
}

function isPointing({ type, replyTo }: InvokeLine): boolean {
  return type === "send" ? replyTo !== undefined : type !== "channel.invite" && type !== "channel.leave";
}

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
  // A deleted message keeps its number and may still be answered.
  if (type !== "send" && deletion !== undefined && deletion.seq <= seq) return true;
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
