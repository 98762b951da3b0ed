import type { FinalLog, History } from "../history/history.ts";
import type { HistoryLine, SeenEvent } from "../history/lines.ts";
import { foldMembers, type Members, type Membership } from "./membership.ts";

/** The final log of one channel, ready for questions. */
export interface ChannelLog extends Members {
  readonly channel: string;
  readonly kind: "direct" | "group" | undefined;
  readonly head: number;
  /** As read, in that order. */
  readonly read: readonly SeenEvent[];
  find(seq: number): SeenEvent | undefined;
  findByRequest(sender: string, id: string): SeenEvent | undefined;
  /** Edits of this message, ascending. */
  editsOf(target: number): readonly SeenEvent[];
  /** What its edits from `since` on made of this message; as they were sent, for a deletion erases them too. */
  editedTexts(target: number, since: number): ReadonlySet<string | undefined>;
  /** The first. */
  deletionOf(target: number): SeenEvent | undefined;
  /** Seqs of all deletions, ascending. */
  readonly deletions: readonly number[];
  /** Whether a later event of the log changes how this one is shown. */
  isTouched(seq: number): boolean;
}

/** Keyed by channel. A channel that was not read at the end is missing. */
export type ChannelLogs = ReadonlyMap<string, ChannelLog>;

export function createChannelLogs(history: History): ChannelLogs {
  const logs = new Map<string, ChannelLog>();
  for (const [channel, log] of history.finalLogs) logs.set(channel, createChannelLog(channel, log, history));
  return logs;
}

function createChannelLog(channel: string, { head, events }: FinalLog, { requests }: History): ChannelLog {
  const bySeq = new Map<number, SeenEvent>();
  const byRequest = new Map<string, SeenEvent>();
  const edits = new Map<number, SeenEvent[]>();
  const deletions = new Map<number, SeenEvent>();
  const touched = new Set<number>();
  const ascending = [...events].sort((a, b) => a.seq - b.seq);
  for (const event of ascending) {
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
  const isErasedEdit = (seq: number): boolean => {
    const event = bySeq.get(seq);
    return event?.kind === "edit" && event.target !== undefined && deletions.has(event.target);
  };
  const textsOf = (edit: SeenEvent): readonly (string | undefined)[] => {
    const request = requests.get(requestKey(edit.sender, edit.id ?? ""));
    return [edit.content.text, ...(request?.attempts ?? []).map(({ invoke }) => invoke.content.text)];
  };
  return {
    ...foldMembers(ascending),
    channel,
    kind: ascending.find(({ kind }) => kind === "created")?.channelKind,
    head,
    read: events,
    find: (seq) => bySeq.get(seq),
    findByRequest: (sender, id) => byRequest.get(requestKey(sender, id)),
    editsOf: (target) => edits.get(target) ?? [],
    editedTexts: (target, since) =>
      new Set((edits.get(target) ?? []).filter(({ seq }) => seq >= since).flatMap(textsOf)),
    deletionOf: (target) => deletions.get(target),
    deletions: [...deletions.values()].map(({ seq }) => seq).sort((a, b) => a - b),
    isTouched: (seq) => touched.has(seq) || isErasedEdit(seq),
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

/** The membership that this event of the log lies in, if any. */
export function findMembership(log: ChannelLog, user: string, seq: number): Membership | undefined {
  return log.memberships(user).find(({ from, to }) => from <= seq && seq <= to);
}

/** The lowest seq above this one that the log has and the user may see. */
export function nextVisible(log: ChannelLog, user: string, seq: number): number | undefined {
  const membership = log.memberships(user).find(({ to }) => to > seq);
  const next = membership === undefined ? Number.POSITIVE_INFINITY : Math.max(membership.from, seq + 1);
  return next <= log.head ? next : undefined;
}

/** The highest seq up to this one that the user may see. */
export function lastVisible(log: ChannelLog, user: string, seq: number): number | undefined {
  const membership = log.memberships(user).findLast(({ from }) => from <= seq);
  return membership === undefined ? undefined : Math.min(membership.to, seq);
}

/** Whether it is the same event, whatever edits and deletions made of its content. */
export function isSameEvent(one: SeenEvent, other: SeenEvent): boolean {
  return (
    one.kind === other.kind &&
    one.sender === other.sender &&
    one.id === other.id &&
    one.time === other.time &&
    one.target === other.target
  );
}

/**
 * Whether this is the log's event as one may have seen it at some time. Where edits or a deletion followed it may have
 * had several texts; whether one of those was shown is judged by what was sent (C5).
 */
export function isOfLog(log: ChannelLog, seen: SeenEvent): boolean {
  const event = log.find(seen.seq);
  if (event === undefined || !isSameEvent(event, seen)) return false;
  if (log.isTouched(seen.seq)) return true;
  return seen.content.text === event.content.text && seen.content.rest === event.content.rest;
}

export function logLine(event: SeenEvent): HistoryLine {
  return { line: "final-log", at: 0, event };
}

export function deliveredLine(event: SeenEvent): HistoryLine {
  return { line: "delivered", at: 0, connection: -1, event };
}
