import type { History, Read } from "../history/history.ts";
import type { HistoryLine } from "../history/lines.ts";
import { type ChannelLog, type ChannelLogs, findMembership, isOfLog, logLine } from "./channel-log.ts";
import { deliveredLine } from "./deliveries.ts";
import type { Findings } from "./violation.ts";

/**
 * C7: a person who was told of an event (acked, delivered, read) finds it in every read begun later; and nothing that
 * was shown to anybody is missing in the end.
 */
export function checkReads(history: History, logs: ChannelLogs, findings: Findings): void {
  checkFloors(history, logs, findings);
  for (const event of history.delivered) {
    const log = logs.get(event.channel);
    if (log === undefined || log.find(event.seq) !== undefined) continue;
    findings.add("C7", `${event.channel}/${event.seq} was delivered and is not in the final log`, [
      deliveredLine(event),
    ]);
  }
  for (const read of history.reads) checkPage(history, read, logs, findings);
}

function checkPage(history: History, read: Read, logs: ChannelLogs, findings: Findings): void {
  const user = history.connections.get(read.request.connection)?.connected.user ?? "";
  const log = logs.get(read.request.channel);
  if (log === undefined || read.page === undefined) return;
  let last = 0;
  for (const event of read.page.events) {
    const place = `${event.channel}/${event.seq}`;
    const stored = log.find(event.seq);
    if (stored === undefined || !isOfLog(log, event)) {
      const evidence = [read.request, deliveredLine(event), ...(stored === undefined ? [] : [logLine(stored)])];
      findings.add("C7", `${place} was read and is not in the final log like that`, evidence);
    }
    if (event.seq <= last) {
      findings.add("C7", `a page shows ${place} after ${last}`, [read.request, deliveredLine(event)]);
    }
    last = event.seq;
    if (findMembership(log, user, event.seq) !== undefined) continue;
    findings.add("C8", `${user} read ${place} and was no member then`, [read.request, deliveredLine(event)]);
  }
}

/** One thing of a run that either shows a person an event, or begins a look at the head. */
interface Moment {
  readonly at: number;
  /** What is learned counts from just after its time; a look begun at the same instant need not show it. */
  readonly learn?: {
    readonly user: string;
    readonly channel: string;
    readonly seq: number;
    readonly line: HistoryLine;
  };
  readonly look?: {
    readonly user: string;
    readonly channel: string;
    readonly head: number;
    readonly line: HistoryLine;
  };
}

function checkFloors(history: History, logs: ChannelLogs, findings: Findings): void {
  const floors = new Map<string, { readonly seq: number; readonly line: HistoryLine }>();
  for (const { learn, look } of momentsOf(history)) {
    if (learn !== undefined) {
      const key = `${learn.user}/${learn.channel}`;
      if ((floors.get(key)?.seq ?? 0) < learn.seq) floors.set(key, { seq: learn.seq, line: learn.line });
    }
    if (look === undefined) continue;
    const floor = floors.get(`${look.user}/${look.channel}`);
    const log = logs.get(look.channel);
    if (floor === undefined || log === undefined) continue;
    if (look.head >= Math.min(floor.seq, lastVisible(log, look.user))) continue;
    const message = `${look.user} knew ${look.channel}/${floor.seq}, and then was shown only up to ${look.head}`;
    findings.add("C7", message, [floor.line, look.line]);
  }
}

/** The end of the last membership: a person who was removed need not see further. */
function lastVisible(log: ChannelLog, user: string): number {
  return log.memberships(user).at(-1)?.to ?? 0;
}

function momentsOf(history: History): readonly Moment[] {
  const moments: Moment[] = [];
  for (const request of history.requests.values()) {
    for (const { answer } of request.attempts) {
      if (answer?.line !== "ok") continue;
      const { at, channel, seq } = answer;
      moments.push({ at, learn: { user: request.user, channel, seq, line: answer } });
    }
  }
  for (let index = 0; index < history.stream.length; index++) {
    const line = history.stream.line(index);
    if (line.line !== "delivered") continue;
    const user = history.connections.get(line.connection)?.connected.user ?? "";
    moments.push({ at: line.at, learn: { user, channel: line.event.channel, seq: line.event.seq, line } });
  }
  for (const { connected, resumed } of history.connections.values()) {
    for (const [channel, head] of Object.entries(resumed?.heads ?? {})) {
      moments.push({ at: connected.at, look: { user: connected.user, channel, head, line: resumed ?? connected } });
    }
  }
  for (const read of history.reads) moments.push(...lookOf(history, read));
  // Looks first: at the same instant nothing is known before.
  return moments.sort((a, b) => a.at - b.at || Number(b.look !== undefined) - Number(a.look !== undefined));
}

/** A page says where the head is if it goes on to the end, or begins there. */
function lookOf(history: History, { request, page }: Read): readonly Moment[] {
  const user = history.connections.get(request.connection)?.connected.user ?? "";
  if (page === undefined) return [];
  const last = page.events.at(-1)?.seq;
  const { channel, after, before, at } = request;
  const isToTheEnd = before === undefined && (after === undefined || page.isComplete);
  const learn = last === undefined ? [] : [{ at: page.at, learn: { user, channel, seq: last, line: request } }];
  return isToTheEnd ? [{ at, look: { user, channel, head: last ?? after ?? 0, line: request } }, ...learn] : learn;
}
