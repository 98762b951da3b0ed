import type { Connection, History, LineOf } from "../history/history.ts";
import type { HistoryLine, SeenEvent } from "../history/lines.ts";
import {
  type ChannelLog,
  type ChannelLogs,
  deliveredLine,
  findMembership,
  isOfLog,
  logLine,
  nextVisible,
} from "./channel-log.ts";
import type { Findings } from "./violation.ts";

/** Where one socket stands in one channel. */
interface Position {
  /** The last seq that it was told of; undefined where the first event tells where it begins. */
  at: number | undefined;
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
    const log = logs.get(channel);
    if (line.line === "reset") {
      checkReset(position, line, log, findings);
      position.at = line.head;
    } else {
      step(position, line, connection, log, findings);
    }
    position.last = line;
    if (line.line !== "delivered") continue;
    if (log === undefined || findMembership(log, connection.connected.user, line.event.seq) !== undefined) continue;
    // What the log does not have is judged as such.
    if (log.find(line.event.seq) === undefined) continue;
    const message = `${connection.connected.user} was sent ${channel}/${line.event.seq} and was no member then`;
    findings.add("C8", message, [connection.connected, line]);
  }
  checkSameEverywhere(history, logs, findings);
}

function startOf({ connected, resumed }: Connection, channel: string): Position {
  return { at: connected.cursors[channel] ?? resumed?.heads[channel] };
}

/** `reset` says that the log has lost something, which no log of ours does. */
function checkReset({ at }: Position, line: LineOf<"reset">, log: ChannelLog | undefined, findings: Findings): void {
  if (at === undefined || log === undefined || at > log.head) return;
  findings.add("C4", `connection ${line.connection} was told to drop ${line.channel}/${at}, which is there`, [line]);
}

function step(
  position: Position,
  line: LineOf<"delivered" | "gap">,
  { connected, resumed }: Connection,
  log: ChannelLog | undefined,
  findings: Findings,
): void {
  const [from, to] = line.line === "gap" ? [line.from, line.to] : [line.event.seq, line.event.seq];
  const channel = line.line === "gap" ? line.channel : line.event.channel;
  const { at, last } = position;
  const fault = (what: string): void => {
    const message = `connection ${line.connection} was sent ${channel}/${from}, ${what}`;
    const before: readonly HistoryLine[] = last === undefined ? [] : [last];
    findings.add("C4", message, [connected, ...(resumed === undefined ? [] : [resumed]), ...before, line]);
  };
  if (to < from) fault(`a gap that ends at ${to}`);
  if (line.line === "gap" && log !== undefined && to > log.head) fault(`a gap up to ${to}, above the head ${log.head}`);
  position.at = Math.max(to, from - 1);
  if (at !== undefined && from <= at) return fault(`again or out of order: it was at ${at}`);
  if (from === (at ?? Number.NaN) + 1) return;
  // A first `welcome` that names not all channels leaves open where the others begin.
  if (at === undefined && (log === undefined || resumed?.hasMore === true)) return;
  if (log !== undefined && isBeginning(log, connected.user, at ?? 0, from, line.line)) return;
  fault(at === undefined ? "where no membership begins" : `with an unannounced hole before it: it was at ${at}`);
}

/** Whoever joins, or comes back, gets the channel from there on; what was said meanwhile is no hole. */
function isBeginning(log: ChannelLog, user: string, at: number, from: number, what: "delivered" | "gap"): boolean {
  const memberships = log.memberships(user);
  if (at === 0) return memberships.some((one) => (what === "gap" ? one.from >= from : one.from === from));
  const next = nextVisible(log, user, at);
  if (what === "gap") return next !== undefined && next >= from;
  return next === from && memberships.some((one) => one.from === from);
}

/** Events that nothing changed later must be the same bytes in every frame, and all must be the log's own. */
function checkSameEverywhere(history: History, logs: ChannelLogs, findings: Findings): void {
  const first = new Map<string, SeenEvent>();
  for (const event of history.delivered) {
    const log = logs.get(event.channel);
    if (log === undefined) continue;
    const place = `${event.channel}/${event.seq}`;
    const stored = log.find(event.seq);
    if (stored === undefined) {
      findings.add("C4", `${place} was delivered and is not in the final log`, [deliveredLine(event)]);
      continue;
    }
    if (!isOfLog(log, event)) {
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
