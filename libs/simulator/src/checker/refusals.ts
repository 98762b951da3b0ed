import type { Attempt, History, Request } from "../history/history.ts";
import { type ChannelLog, type ChannelLogs, findMembership, logLine } from "./channel-log.ts";
import type { Findings } from "./violation.ts";

/** C11: a refusal is true of some durable state between the request and its answer. */
export function checkRefusals(history: History, logs: ChannelLogs, findings: Findings): void {
  const clocks = createClocks(history);
  for (const request of history.requests.values()) {
    for (const attempt of request.attempts) {
      const { invoke, answer } = attempt;
      const log = invoke.channel === undefined ? undefined : logs.get(invoke.channel);
      if (answer?.line !== "refused" || log === undefined) continue;
      // The log's head was somewhere from `low` to `high` while this attempt was under way.
      const low = clocks.knownBefore(log.channel, invoke.at);
      const high = clocks.sentBefore(log, answer.at);
      const reason = findUntruth(request, attempt, log, low, high);
      if (reason === undefined) continue;
      findings.add("C11", `${log.channel}: ${answer.code} to ${request.user}/${invoke.id}, ${reason}`, [
        invoke,
        answer,
      ]);
    }
  }
}

/** Why the refusal was true at no time, or undefined where it may have been. */
function findUntruth(
  request: Request,
  attempt: Attempt,
  log: ChannelLog,
  low: number,
  high: number,
): string | undefined {
  const { invoke, answer } = attempt;
  const isMemberAllAlong = log.memberships(request.user).some(({ from, to }) => from <= low && high < to);
  switch (answer?.line === "refused" ? answer.code : "") {
    case "not_member":
      return isMemberAllAlong ? `a member from ${low} to ${high}` : undefined;
    case "conflict":
      return findConflictUntruth(request, log);
    case "not_found": {
      const target = invoke.target === undefined ? undefined : log.find(invoke.target);
      if (target === undefined || !isMemberAllAlong || log.isTouched(target.seq) || target.kind !== "message")
        return undefined;
      // What was said outside one's memberships is not there for one.
      if (findMembership(log, request.user, target.seq) === undefined) return undefined;
      return target.seq <= low ? `${target.seq} was there before` : undefined;
    }
    case "forbidden": {
      if (!isMemberAllAlong || log.rolesOf(request.user).has("reader")) return undefined;
      if (invoke.type === "send") return "a writing member all along";
      if (invoke.type !== "edit" && invoke.type !== "react") return undefined;
      const target = invoke.target === undefined ? undefined : log.find(invoke.target);
      if (target === undefined || log.deletionOf(target.seq) !== undefined) return undefined;
      return target.sender === request.user && target.kind === "message" ? "its own message" : undefined;
    }
    default:
      return undefined;
  }
}

/** The same id with other content is a conflict, and only against an event that is in. */
function findConflictUntruth(request: Request, log: ChannelLog): string | undefined {
  const [{ invoke: first }] = request.attempts;
  const isOneContent = request.attempts.every(
    ({ invoke }) => invoke.content.text === first.content.text && invoke.content.rest === first.content.rest,
  );
  if (isOneContent) return "which always carried the same content";
  return log.findByRequest(request.user, first.id) === undefined ? "whose id is not in the log" : undefined;
}

/** When each event of the log was surely in, and when it could not have been yet. */
function createClocks(history: History) {
  const known = new Map<string, Float64Array>();
  const note = (channel: string, seq: number, at: number): void => {
    let times = known.get(channel);
    if (times === undefined || times.length <= seq) {
      const grown = new Float64Array(Math.max(64, seq * 2)).fill(Number.POSITIVE_INFINITY);
      if (times !== undefined) grown.set(times);
      times = grown;
      known.set(channel, times);
    }
    times[seq] = Math.min(times[seq] ?? Number.POSITIVE_INFINITY, at);
  };
  for (const request of history.requests.values()) {
    for (const { answer } of request.attempts) if (answer?.line === "ok") note(answer.channel, answer.seq, answer.at);
  }
  for (let index = 0; index < history.stream.length; index++) {
    const line = history.stream.line(index);
    if (line.line === "delivered") note(line.event.channel, line.event.seq, line.at);
  }
  return {
    /** The highest seq that somebody had been told of by then. */
    knownBefore(channel: string, at: number): number {
      return (known.get(channel) ?? new Float64Array(0)).findLastIndex((time) => time < at);
    },
    /** The seq before the first event that was only sent later. */
    sentBefore(log: ChannelLog, at: number): number {
      const later = log.read.find((event) => {
        const request = history.requests.get(`${event.sender}/${event.id ?? ""}`);
        return request !== undefined && request.attempts[0].invoke.at > at;
      });
      return later === undefined ? log.head : later.seq - 1;
    },
  };
}

/** C9: after the end every member has reached the head and every outbox is empty. */
export function checkSettled(history: History, logs: ChannelLogs, findings: Findings): void {
  for (const line of history.settled) {
    if (line.outbox > 0) {
      findings.add("C9", `${line.user}/${line.device} still holds ${line.outbox} unsettled requests`, [line]);
    }
    for (const log of logs.values()) {
      const isMember = log.memberships(line.user).at(-1)?.to === Number.POSITIVE_INFINITY;
      const reached = line.reached[log.channel];
      if (!isMember || reached === log.head) continue;
      const message = `${line.user}/${line.device} reached ${reached ?? "nothing"} of ${log.head} in ${log.channel}`;
      const head = log.find(log.head);
      findings.add("C9", message, head === undefined ? [line] : [line, logLine(head)]);
    }
  }
}
