import type { History, Request } from "../history/history.ts";
import { type ChannelLogs, logLine } from "./channel-log.ts";
import type { Clocks } from "./clocks.ts";
import { isOneWish } from "./refusals.ts";
import type { Findings } from "./violation.ts";

/**
 * C6: what was acked before another thing was sent has the lower seq, and a device's own requests keep their order.
 *
 * One walk a channel: an append tells its seq, so the order is known, and real time may only agree with it. While
 * walking by seq the latest invocation is kept; an operation that had returned before it stands too late. An event that
 * anybody was shown has returned as well as one that was acked.
 */
export function checkOrder(history: History, logs: ChannelLogs, clocks: Clocks, findings: Findings): void {
  for (const log of logs.values()) {
    let latest: Request | undefined;
    for (const event of [...log.read].sort((a, b) => a.seq - b.seq)) {
      const request = event.id === undefined ? undefined : history.requests.get(`${event.sender}/${event.id}`);
      if (request === undefined) continue;
      const returnedAt = clocks.seenAt(log.channel, event.seq);
      const [{ invoke }] = request.attempts;
      if (latest !== undefined && returnedAt !== undefined && returnedAt < latest.attempts[0].invoke.at) {
        const message = `${log.channel}/${event.seq} was there before an event with a lower seq was sent`;
        findings.add("C6", message, [invoke, ...request.acks, latest.attempts[0].invoke, logLine(event)]);
      }
      if (latest === undefined || invoke.at > latest.attempts[0].invoke.at) latest = request;
    }
  }
  checkDeviceOrder(history, logs, findings);
}

/** The history holds requests in the order in which each was first sent; a chained device's seqs must follow it. */
function checkDeviceOrder(history: History, logs: ChannelLogs, findings: Findings): void {
  const last = new Map<string, { readonly request: Request; readonly seq: number }>();
  for (const request of history.requests.values()) {
    const [{ invoke }] = request.attempts;
    if (!request.isChained || invoke.channel === undefined || invoke.type.startsWith("channel.")) continue;
    // An id that was used for two things names no one place in the order.
    if (!isOneWish(request)) continue;
    const event = logs.get(invoke.channel)?.findByRequest(request.user, invoke.id);
    if (event === undefined) continue;
    const key = `${request.user}/${request.device}/${invoke.channel}`;
    const before = last.get(key);
    if (before !== undefined && event.seq < before.seq) {
      const message = `${request.user}/${request.device} sent ${before.seq} before ${event.seq} to ${invoke.channel}`;
      findings.add("C6", message, [before.request.attempts[0].invoke, invoke, logLine(event)]);
    }
    last.set(key, { request, seq: event.seq });
  }
}
