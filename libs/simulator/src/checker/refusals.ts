import type { Attempt, History, Request } from "../history/history.ts";
import { isMadeOf } from "./appends.ts";
import type { ChannelLog, ChannelLogs } from "./channel-log.ts";
import type { Clocks } from "./clocks.ts";
import { isForbidden, isNotFound } from "./rights.ts";
import type { Terms } from "./terms.ts";
import type { Findings } from "./violation.ts";

/** C11: a refusal is true of some durable state between the request and its answer. */
export function checkRefusals(
  history: History,
  logs: ChannelLogs,
  clocks: Clocks,
  terms: Terms,
  findings: Findings,
): void {
  for (const request of history.requests.values()) {
    for (const attempt of request.attempts) {
      const { invoke, answer } = attempt;
      const log = invoke.channel === undefined ? undefined : logs.get(invoke.channel);
      if (answer?.line !== "refused" || log === undefined) continue;
      const mayBeTrue = [attempt, ...twinsOf(request, attempt)].some((asked) => {
        const where = asked.invoke.channel === undefined ? undefined : logs.get(asked.invoke.channel);
        const isTrue = where && truthOf(answer.code, request, { ...asked, answer }, where, clocks, terms);
        return isTrue === undefined || statesOf(where ?? log, clocks, asked.invoke.at, answer.at).some(isTrue);
      });
      if (mayBeTrue) continue;
      const states = statesOf(log, clocks, invoke.at, answer.at);
      const message = `${log.channel}: ${answer.code} to ${request.user}/${invoke.id}, true after none of ${states.at(0)} to ${states.at(-1)}`;
      findings.add("C11", message, [invoke, answer]);
    }
  }
  for (const { request, refused } of history.reads) {
    const log = logs.get(request.channel);
    const user = history.connections.get(request.connection)?.connected.user ?? "";
    if (refused?.code !== "not_member" || log === undefined) continue;
    const states = statesOf(log, clocks, request.at, refused.at);
    if (states.some((seq) => log.roleAt(user, seq) === undefined)) continue;
    findings.add("C11", `${user} could not read ${log.channel} and was a member all along`, [request, refused]);
  }
}

/** An answer names an id and no more: of two wishes that went out under one, on one socket, it may be either's. */
function twinsOf({ attempts }: Request, { invoke, answer }: Attempt): readonly Attempt[] {
  const answeredAt = answer?.at ?? Number.POSITIVE_INFINITY;
  return attempts.filter(
    ({ invoke: other }) =>
      other.connection === invoke.connection && other.at <= answeredAt && !isSameWish(other, invoke),
  );
}

/** The numbers of events after which something may be otherwise, from what was known before to what may have been in. */
function statesOf(log: ChannelLog, clocks: Clocks, askedAt: number, answeredAt: number): readonly number[] {
  const low = Math.min(clocks.knownBefore(log.channel, askedAt), log.head);
  const high = clocks.sentBefore(log, answeredAt);
  return [low, ...[...log.turns, ...log.deletions].filter((seq) => seq > low && seq <= high).sort((a, b) => a - b)];
}

/** Says of a state whether the refusal is true there; undefined for refusals that hang on no log. */
function truthOf(
  code: string,
  request: Request,
  attempt: Attempt,
  log: ChannelLog,
  clocks: Clocks,
  { membersMax }: Terms,
): ((seq: number) => boolean) | undefined {
  const { user } = request;
  const { invoke } = attempt;
  switch (code) {
    case "not_member":
      return (seq) => log.roleAt(user, seq) === undefined;
    case "not_found":
      return (seq) => isNotFound(log, user, invoke, seq);
    case "forbidden":
      return (seq) => isForbidden(log, user, invoke, seq, membersMax);
    case "conflict":
      return () => isConflict(request, attempt, log, clocks);
    default:
      return undefined;
  }
}

/** Something else was in under the same id: here, or where another copy of the id was acked. */
function isConflict(
  { user, attempts }: Request,
  { invoke, answer }: Attempt,
  log: ChannelLog,
  clocks: Clocks,
): boolean {
  const answeredAt = answer?.at ?? Number.POSITIVE_INFINITY;
  const event = log.findByRequest(user, invoke.id);
  if (event !== undefined && event.seq <= clocks.sentBefore(log, answeredAt) && !isMadeOf(log, event, invoke))
    return true;
  return attempts.some(
    (other) => other.answer?.line === "ok" && other.invoke.at < answeredAt && !isSameWish(other.invoke, invoke),
  );
}

type Wish = Attempt["invoke"];

function isSameWish(one: Wish, other: Wish): boolean {
  return (
    one.type === other.type &&
    one.channel === other.channel &&
    one.content.text === other.content.text &&
    one.content.rest === other.content.rest
  );
}

/** Whether all copies that went out under this id asked for the same. */
export function isOneWish({ attempts }: Request): boolean {
  return attempts.every(({ invoke }) => isSameWish(invoke, attempts[0].invoke));
}
