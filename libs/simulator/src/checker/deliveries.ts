import type { Connection, History } from "../history/history.ts";
import type { HistoryLine, SeenEvent } from "../history/lines.ts";
import { type ChannelLog, type ChannelLogs, findMembership, isOfLog, logLine } from "./channel-log.ts";
import type { Findings } from "./violation.ts";

/** Where one socket stands in one channel. */
interface Position {
  /** The seq that must come next; undefined where the first event tells it. */
  next: number | undefined;
  /** Everything that comes must lie above this. */
  floor: number;
  last?: HistoryLine;
}

/**
 * C4: what a socket was sent of a channel is a contiguous, ascending run of the log, the same bytes for everyone, each
 * event once, holes announced. C8: and each of it lies inside a membership of its receiver.
 */
export function checkDeliveries(history: History, logs: ChannelLogs, findings: Findings): void {
  const positions = new Map<string, Position>();
  for (let index = 0; index < history.stream.length; index++) {
    const line = history.stream.line(index);
    const connection = history.connections.get(line.connection);
    if (connection?.resumed === undefined) {
      findings.add("C4", `connection ${line.connection} was sent something of a channel before welcome`, [line]);
      continue;
    }
    const channel = line.line === "delivered" ? line.event.channel : line.channel;
    const key = `${line.connection}/${channel}`;
    const position = positions.get(key) ?? startOf(connection, channel);
    positions.set(key, position);
    if (line.line === "reset") {
      position.next = line.head + 1;
      position.floor = line.head;
    } else {
      step(position, line, connection, findings);
    }
    position.last = line;
    if (line.line !== "delivered") continue;
    if (endsMembership(line.event, connection.connected.user)) position.next = undefined;
    const log = logs.get(channel);
    if (log === undefined || findMembership(log, connection.connected.user, line.event.seq) !== undefined) continue;
    const message = `${connection.connected.user} was sent ${channel}/${line.event.seq} and was no member then`;
    findings.add("C8", message, [connection.connected, line]);
  }
  checkSameEverywhere(history, logs, findings);
}

function startOf({ connected, resumed }: Connection, channel: string): Position {
  const from = connected.cursors[channel] ?? resumed?.heads[channel];
  return from === undefined ? { next: undefined, floor: 0 } : { next: from + 1, floor: from };
}

type Pushed = Extract<HistoryLine, { line: "delivered" | "gap" }>;

function step(position: Position, line: Pushed, { connected, resumed }: Connection, findings: Findings): void {
  const [from, to] = line.line === "gap" ? [line.from, line.to] : [line.event.seq, line.event.seq];
  const channel = line.line === "gap" ? line.channel : line.event.channel;
  const expected = position.next ?? Math.max(from, position.floor + 1);
  if (from !== expected || to < from) {
    const what = from < expected ? "again or out of order" : "with an unannounced hole before it";
    const message = `connection ${line.connection} was sent ${channel}/${from} ${what}: ${expected} was next`;
    const before: readonly HistoryLine[] = position.last === undefined ? [] : [position.last];
    findings.add("C4", message, [connected, ...(resumed === undefined ? [] : [resumed]), ...before, line]);
  }
  position.floor = Math.max(position.floor, to);
  position.next = position.floor + 1;
}

function endsMembership(event: SeenEvent, user: string): boolean {
  return (event.members ?? []).some(
    (member) => member.user === user && (member.change === "left" || member.change === "removed"),
  );
}

/** Events that nothing changed later must be the same bytes in every frame, and all must be the log's own. */
function checkSameEverywhere(history: History, logs: ChannelLogs, findings: Findings): void {
  const first = new Map<string, SeenEvent>();
  for (const event of history.delivered) {
    const log = logs.get(event.channel);
    if (log === undefined) continue;
    const place = `${event.channel}/${event.seq}`;
    const stored = log.find(event.seq);
    // Above the head is the business of C7: it was there, and was taken back.
    if (stored !== undefined && !isOfLog(log, event)) {
      findings.add("C4", `${place} was delivered as another event than the log holds`, [
        deliveredLine(event),
        logLine(stored),
      ]);
    }
    const seen = first.get(place);
    if (seen === undefined) first.set(place, event);
    else if (seen.bytes !== event.bytes && !log.isTouched(event.seq)) {
      findings.add("C4", `${place} was delivered in different bytes`, [deliveredLine(seen), deliveredLine(event)]);
    }
  }
}

/** C4, seen by the device's own program: the SDK hands over each event once, in order, with no hole. */
export function checkHandled(history: History, logs: ChannelLogs, findings: Findings): void {
  const last = new Map<string, HistoryLine & { readonly line: "handled" }>();
  for (let index = 0; index < history.handled.length; index++) {
    const { at, device, channel, seq } = history.handled.entry(index);
    const [user = "", name = ""] = device.split("/");
    const line = { line: "handled", at, user, device: name, channel, seq } as const;
    const key = `${device}/${channel}`;
    const before = last.get(key);
    last.set(key, line);
    if (before === undefined || seq === before.seq + 1) continue;
    const log = logs.get(channel);
    if (seq > before.seq && (log === undefined || isNothingToShow(log, user, before.seq + 1, seq - 1))) continue;
    findings.add("C4", `the program of ${device} was handed ${channel}/${seq} after ${before.seq}`, [before, line]);
  }
}

/** Numbers outside one's memberships and numbers used up are nothing to hand over. */
function isNothingToShow(log: ChannelLog, user: string, from: number, to: number): boolean {
  for (let seq = from; seq <= to; seq++) {
    if (findMembership(log, user, seq) !== undefined && log.find(seq)?.kind !== "noop") return false;
  }
  return true;
}

export function deliveredLine(event: SeenEvent): HistoryLine {
  return { line: "delivered", at: 0, connection: -1, event };
}
