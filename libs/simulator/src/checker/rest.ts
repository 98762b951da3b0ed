import type { History } from "../history/history.ts";
import type { BaselineLine } from "../history/lines.ts";
import { type ChannelLogs, logLine } from "./channel-log.ts";
import type { Terms } from "./terms.ts";
import type { Findings } from "./violation.ts";

/** C9: ten seconds after the end every member has reached the head and every outbox is empty. */
export function checkSettled(history: History, logs: ChannelLogs, terms: Terms, findings: Findings): void {
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
  checkLate(history, terms, findings);
}

function checkLate(history: History, { settleWithinMs }: Terms, findings: Findings): void {
  const rest = history.sides.find((line) => line.line === "rest");
  if (rest === undefined) return;
  const end = rest.at + settleWithinMs;
  for (const [key, { acks }] of history.requests) {
    const [first] = acks;
    if (first === undefined || first.at <= end) continue;
    findings.add("C9", `request ${key} was acked ${Math.round(first.at - rest.at)} ms after the rest`, [rest, first]);
  }
  for (let index = 0; index < history.handled.length; index++) {
    const { at, device, channel, seq } = history.handled.entry(index);
    if (at <= end) continue;
    findings.add("C9", `${device} got ${channel}/${seq} only ${Math.round(at - rest.at)} ms after the rest`, [rest]);
  }
}

/** C10: nodes give back what they took, none ended unasked, and no rejection went by unhandled. */
export function checkBaselines(history: History, terms: Terms, findings: Findings): void {
  const lines = history.sides.filter((line) => line.line === "baseline");
  const before = lines.filter(({ when }) => when === "before");
  const allowed = { sockets: terms.socketsMoreMax, timers: terms.timersMoreMax, memoryBytes: terms.memoryMoreMaxBytes };
  for (const line of lines) {
    const { node, unexpectedExits, unhandledRejections } = line;
    if (unexpectedExits > 0) findings.add("C10", `${node} ended ${unexpectedExits} times unasked`, [line]);
    if (unhandledRejections > 0)
      findings.add("C10", `${node} left ${unhandledRejections} rejections unhandled`, [line]);
    if (line.when === "before") continue;
    const own = before.filter((one) => one.node === node);
    const bases = own.length > 0 ? own : before.filter(({ role }) => role === line.role);
    for (const field of ["sockets", "timers", "memoryBytes"] as const) {
      const most = mostOf(bases, field);
      if (most === undefined || line[field] <= most + allowed[field]) continue;
      const message = `${node} rests with ${line[field]} ${field}, where it had ${most}`;
      findings.add("C10", message, [...bases, line]);
    }
  }
}

function mostOf(bases: readonly BaselineLine[], field: "sockets" | "timers" | "memoryBytes"): number | undefined {
  return bases.length === 0 ? undefined : Math.max(...bases.map((base) => base[field]));
}
