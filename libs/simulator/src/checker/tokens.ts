import type { History, LineOf, Request } from "../history/history.ts";
import type { HistoryLine } from "../history/lines.ts";
import type { Terms } from "./terms.ts";
import type { Findings } from "./violation.ts";

/** Until when a socket may be served: from `from` on it is `until`. */
interface Right {
  readonly from: number;
  readonly until: number;
}

/**
 * The second half of C8: no service after the end of a token (and its grace) or a revocation. What a slow reader finds
 * in its socket may have been sent long before; so what counts is when the thing was asked for that is served.
 */
export function checkTokens(history: History, terms: Terms, findings: Findings): void {
  const rights = rightsOf(history, terms.tokenGraceMs);
  const revoked = history.sides.filter((line) => line.line === "revoked");

  const judge = (line: HistoryLine & { readonly connection: number }, asked: HistoryLine, what: string): void => {
    const connection = history.connections.get(line.connection);
    if (connection === undefined) return;
    const { user } = connection.connected;
    const until = rights.get(line.connection)?.findLast(({ from }) => from <= line.at)?.until;
    if (until !== undefined && asked.at > until) {
      const message = `${user} ${what}, ${Math.round(asked.at - until)} ms after the token and its grace had ended`;
      findings.add("C8", message, [connection.connected, asked, line]);
    }
    const order = revoked.findLast((one) => one.user === user && connection.connected.at < one.at && one.at <= line.at);
    if (order === undefined || asked.at <= order.at + terms.revokedWithinMs) return;
    findings.add("C8", `${user} ${what}, and had been locked out`, [order, asked, line]);
  };

  for (let index = 0; index < history.stream.length; index++) {
    const line = history.stream.line(index);
    if (line.line !== "delivered") continue;
    const request = history.requests.get(`${line.event.sender}/${line.event.id}`);
    if (request !== undefined) judge(line, firstOf(request), `was sent ${line.event.channel}/${line.event.seq}`);
  }
  for (const { attempts } of history.requests.values()) {
    for (const { invoke, answer } of attempts) {
      if (answer?.line === "ok") judge(answer, invoke, `was acked ${invoke.id}`);
    }
  }
  for (const { request, page } of history.reads) if (page !== undefined) judge(page, request, "was given a page");
}

function firstOf({ attempts }: Request): HistoryLine {
  return attempts[0].invoke;
}

/** By connection, as it went on: a refresh that is under way may have been taken already. */
function rightsOf(history: History, graceMs: number): ReadonlyMap<number, readonly Right[]> {
  const rights = new Map<number, Right[]>();
  const confirmed = new Map<number, number>();
  for (const [connection, { connected }] of history.connections) {
    if (connected.tokenExpiresAt === undefined) continue;
    confirmed.set(connection, connected.tokenExpiresAt);
    rights.set(connection, [{ from: connected.at, until: connected.tokenExpiresAt + graceMs }]);
  }
  const open = new Map<number, Map<string, LineOf<"refresh">>>();
  for (const line of history.sides) {
    if (line.line !== "refresh" && line.line !== "refreshed" && line.line !== "refused") continue;
    const known = rights.get(line.connection);
    if (known === undefined) continue;
    const waiting = open.get(line.connection) ?? new Map<string, LineOf<"refresh">>();
    open.set(line.connection, waiting);
    const asked = waiting.get(line.id);
    if (line.line === "refresh") waiting.set(line.id, line);
    else waiting.delete(line.id);
    if (line.line === "refreshed" && asked !== undefined) confirmed.set(line.connection, asked.tokenExpiresAt);
    const ends = [...waiting.values()].map(({ tokenExpiresAt }) => tokenExpiresAt);
    known.push({ from: line.at, until: Math.max(confirmed.get(line.connection) ?? 0, ...ends) + graceMs });
  }
  return rights;
}
