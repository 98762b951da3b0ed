import type { History, LineOf, Read } from "../history/history.ts";
import type { HistoryLine, SeenEvent } from "../history/lines.ts";
import {
  type ChannelLog,
  type ChannelLogs,
  deliveredLine,
  findMembership,
  isOfLog,
  lastVisible,
  logLine,
  nextVisible,
} from "./channel-log.ts";
import { createFloors, type Floors } from "./floors.ts";
import type { Findings } from "./violation.ts";

/**
 * C7: a person who was told of an event (acked, delivered, read) finds it in every read begun later; and nothing that
 * was shown to anybody is missing in the end.
 */
export function checkReads(history: History, logs: ChannelLogs, findings: Findings): void {
  for (const event of history.delivered) {
    const log = logs.get(event.channel);
    if (log === undefined || log.find(event.seq) !== undefined) continue;
    findings.add("C7", `${event.channel}/${event.seq} was delivered and is not in the final log`, [
      deliveredLine(event),
    ]);
  }
  const floors = createFloors(history);
  for (const { connected, resumed } of history.connections.values()) {
    for (const [channel, head] of Object.entries(resumed?.heads ?? {})) {
      const log = logs.get(channel);
      if (log === undefined || resumed === undefined) continue;
      if (head > log.head) findings.add("C7", `welcome told of ${channel}/${head}, above its end`, [resumed]);
      const floor = floors.before(connected.user, channel, connected.at);
      if (head >= (lastVisible(log, connected.user, Math.min(floor.seq, log.head)) ?? 0)) continue;
      const message = `${connected.user} knew ${channel}/${floor.seq}, and welcome went only up to ${head}`;
      findings.add("C7", message, [...floor.lines, connected, resumed]);
    }
  }
  for (const read of history.reads) checkPage(history, read, logs, floors, findings);
}

function checkPage(history: History, { request, page }: Read, logs: ChannelLogs, floors: Floors, findings: Findings) {
  const user = history.connections.get(request.connection)?.connected.user ?? "";
  const log = logs.get(request.channel);
  if (log === undefined || page === undefined) return;
  const floor = floors.before(user, request.channel, request.at);
  const known = Math.min(floor.seq, log.head);
  const fault = (message: string, ...evidence: readonly HistoryLine[]): void => {
    findings.add("C7", `${user} read ${log.channel}: ${message}`, [request, ...evidence]);
  };
  for (const event of page.events) {
    checkShown(log, event, known, fault);
    if (log.find(event.seq) === undefined || findMembership(log, user, event.seq) !== undefined) continue;
    const message = `${user} read ${log.channel}/${event.seq} and was no member then`;
    findings.add("C8", message, [request, deliveredLine(event)]);
  }
  checkRun(log, user, request, page, fault);
  checkReach(log, user, request, page, known, (message) => fault(message, ...floor.lines));
}

type Fault = (message: string, ...evidence: readonly HistoryLine[]) => void;

/** What a page shows is the log's event, and as it reads after the edits and deletions that its reader knew of. */
function checkShown(log: ChannelLog, event: SeenEvent, known: number, fault: Fault): void {
  const { seq } = event;
  const stored = log.find(seq);
  if (stored === undefined || !isOfLog(log, event)) {
    fault(`${seq} is not in the final log like that`, deliveredLine(event), ...(stored ? [logLine(stored)] : []));
    return;
  }
  if (event.kind !== "message" && event.kind !== "edit") return;
  const origin = event.kind === "edit" ? (event.target ?? seq) : seq;
  const deletion = log.deletionOf(origin);
  if (event.isDeleted === true) {
    if (deletion === undefined) fault(`${seq} was shown as deleted, and is not`, deliveredLine(event));
    return;
  }
  if (deletion !== undefined && deletion.seq <= known) {
    fault(`${seq} was shown with its text after its deletion`, logLine(deletion), deliveredLine(event));
    return;
  }
  if (event.kind !== "message") return;
  const latest = log.editsOf(seq).findLast((edit) => edit.seq <= known);
  if (latest !== undefined && event.isEdited !== true) {
    fault(`${seq} was shown as it was before its edit`, logLine(latest), deliveredLine(event));
  }
  const since = latest?.seq ?? 0;
  if (event.isEdited !== true || log.editedTexts(seq, since).has(event.content.text)) return;
  fault(`${seq} was shown with a text of no edit from ${since} on`, deliveredLine(event));
}

/** Ascending, and nothing left out that its reader may see. */
function checkRun(log: ChannelLog, user: string, request: LineOf<"read">, page: LineOf<"page">, fault: Fault): void {
  let last = request.after;
  for (const event of page.events) {
    const next = last === undefined ? event.seq : nextVisible(log, user, last);
    if (last !== undefined && event.seq <= last) fault(`${event.seq} after ${last}`, deliveredLine(event));
    else if (next !== event.seq) fault(`${event.seq} after ${last}, without ${next}`, deliveredLine(event));
    last = event.seq;
  }
}

/** Whether a page goes as far as it must, in view of what its reader knew and of what it says of itself. */
function checkReach(
  log: ChannelLog,
  user: string,
  { after, before }: LineOf<"read">,
  { events, isComplete }: LineOf<"page">,
  known: number,
  fault: Fault,
): void {
  const first = events[0]?.seq;
  const last = events.at(-1)?.seq;
  if (after !== undefined) {
    const next = nextVisible(log, user, last ?? after);
    if (isComplete && next !== undefined && next <= known) fault(`complete at ${last ?? after}, without ${next}`);
    return;
  }
  const expected = lastVisible(log, user, Math.min(known, (before ?? Number.POSITIVE_INFINITY) - 1));
  if (expected !== undefined && (last ?? 0) < expected) fault(`up to ${last ?? "nothing"}, and not to ${expected}`);
  if (before !== undefined && last !== undefined && last >= before) fault(`${last} is not before ${before}`);
  const lowest = nextVisible(log, user, 0);
  if (isComplete && first !== undefined && lowest !== undefined && first > lowest) fault(`complete from ${first} on`);
}
