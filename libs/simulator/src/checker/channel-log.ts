import type { FinalLog, History } from "../history/history.ts";
import type { HistoryLine, SeenEvent } from "../history/lines.ts";

/** From its `joined` event to the event that ended it, both included; still going on where `to` is infinite. */
export interface Membership {
  readonly from: number;
  readonly to: number;
}

/** The final log of one channel, ready for questions. */
export interface ChannelLog {
  readonly channel: string;
  readonly head: number;
  /** As read, in that order. */
  readonly read: readonly SeenEvent[];
  find(seq: number): SeenEvent | undefined;
  findByRequest(sender: string, id: string): SeenEvent | undefined;
  /** Edits of this message, ascending. */
  editsOf(target: number): readonly SeenEvent[];
  deletionOf(target: number): SeenEvent | undefined;
  /** Whether a later event of the log changes how this one is shown. */
  isTouched(seq: number): boolean;
  memberships(user: string): readonly Membership[];
  /** Every user that was ever a member. */
  readonly members: Iterable<string>;
  /** Roles that this user held at any time. */
  rolesOf(user: string): ReadonlySet<string>;
}

/** Keyed by channel. A channel that was not read at the end is missing. */
export type ChannelLogs = ReadonlyMap<string, ChannelLog>;

export function createChannelLogs(history: History): ChannelLogs {
  const logs = new Map<string, ChannelLog>();
  for (const [channel, log] of history.finalLogs) logs.set(channel, createChannelLog(channel, log));
  return logs;
}

function createChannelLog(channel: string, { head, events }: FinalLog): ChannelLog {
  const bySeq = new Map<number, SeenEvent>();
  const byRequest = new Map<string, SeenEvent>();
  const edits = new Map<number, SeenEvent[]>();
  const deletions = new Map<number, SeenEvent>();
  const touched = new Set<number>();
  for (const event of events) {
    if (!bySeq.has(event.seq)) bySeq.set(event.seq, event);
    if (event.id !== undefined && !byRequest.has(requestKey(event.sender, event.id))) {
      byRequest.set(requestKey(event.sender, event.id), event);
    }
    if (event.target === undefined) continue;
    touched.add(event.target);
    // An edit's own text goes with the message that it changed.
    if (event.kind === "edit") append(edits, event.target, event);
    if (event.kind === "delete" && !deletions.has(event.target)) deletions.set(event.target, event);
  }
  const { memberships, roles } = foldMembers(events);
  const isErasedEdit = (seq: number): boolean => {
    const event = bySeq.get(seq);
    return event?.kind === "edit" && event.target !== undefined && deletions.has(event.target);
  };
  return {
    channel,
    head,
    read: events,
    find: (seq) => bySeq.get(seq),
    findByRequest: (sender, id) => byRequest.get(requestKey(sender, id)),
    editsOf: (target) => edits.get(target) ?? [],
    deletionOf: (target) => deletions.get(target),
    isTouched: (seq) => touched.has(seq) || isErasedEdit(seq),
    memberships: (user) => memberships.get(user) ?? [],
    members: memberships.keys(),
    rolesOf: (user) => roles.get(user) ?? new Set(),
  };
}

function requestKey(sender: string, id: string): string {
  return `${sender}/${id}`;
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function foldMembers(events: readonly SeenEvent[]) {
  const memberships = new Map<string, Membership[]>();
  const roles = new Map<string, Set<string>>();
  for (const event of events) {
    for (const { user, change, role } of event.members ?? []) {
      const list = memberships.get(user) ?? [];
      memberships.set(user, list);
      const last = list.at(-1);
      const isIn = last !== undefined && last.to === Number.POSITIVE_INFINITY;
      if (change === "joined" && !isIn) list.push({ from: event.seq, to: Number.POSITIVE_INFINITY });
      if ((change === "left" || change === "removed") && isIn) list[list.length - 1] = { ...last, to: event.seq };
      if (role !== undefined) roles.set(user, (roles.get(user) ?? new Set()).add(role));
    }
  }
  return { memberships, roles };
}

/** The membership that this event of the log lies in, if any. */
export function findMembership(log: ChannelLog, user: string, seq: number): Membership | undefined {
  return log.memberships(user).find(({ from, to }) => from <= seq && seq <= to);
}

/**
 * Whether this is the log's event as one may have seen it at some time. Where edits or a deletion followed it may have
 * had several texts; whether one of those was shown is judged by what was sent (C5).
 */
export function isOfLog(log: ChannelLog, seen: SeenEvent): boolean {
  const event = log.find(seen.seq);
  if (event === undefined) return false;
  if (event.kind !== seen.kind || event.sender !== seen.sender || event.id !== seen.id || event.time !== seen.time) {
    return false;
  }
  if (log.isTouched(seen.seq)) return true;
  return seen.content.text === event.content.text && seen.content.rest === event.content.rest;
}

export function logLine(event: SeenEvent): HistoryLine {
  return { line: "final-log", at: 0, event };
}
