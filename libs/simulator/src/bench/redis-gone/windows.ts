import type { History } from "../../history/history.ts";
import { type Spread, spreadOf } from "../clients/figures.ts";

/** A span of a run, ms on the history's clock. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** From a request's first time on the wire to its first ack, whatever came between; of those that began in the window. */
export function acksIn(history: History, { from, to }: Window, isLeftOut: (device: string) => boolean): Spread {
  const times: number[] = [];
  for (const { user, device, attempts } of history.requests.values()) {
    const began = attempts[0].invoke.at;
    if (began < from || began >= to || isLeftOut(`${user}/${device}`)) continue;
    const acks = attempts.flatMap(({ answer }) => (answer?.line === "ok" ? [answer.at] : []));
    if (acks.length > 0) times.push(Math.min(...acks) - began);
  }
  return spreadOf(times);
}

/** How long each delivery took that began in the window: from the first ack of an event to a socket that was there. */
export function deliveriesIn(history: History, window: Window, isLeftOut: (device: string) => boolean): Spread {
  return spreadOf(deliveryTimes(history, window, isLeftOut).map(({ ms }) => ms));
}

/**
 * Seconds after `since` from which on every whole second's p99 stays at or below the bound; undefined where it does not
 * come to that, or less than three seconds are left to tell.
 */
export function secondsUntilCalm(
  history: History,
  since: number,
  until: number,
  boundMs: number,
  isLeftOut: (device: string) => boolean,
): number | undefined {
  const bySecond: number[][] = Array.from({ length: Math.floor((until - since) / 1_000) }, () => []);
  for (const { at, ms } of deliveryTimes(history, { from: since, to: until }, isLeftOut)) {
    bySecond[Math.floor((at - since) / 1_000)]?.push(ms);
  }
  const lastLoud = bySecond.findLastIndex((times) => spreadOf(times).p99 > boundMs);
  return bySecond.length - (lastLoud + 1) >= 3 ? lastLoud + 1 : undefined;
}

function deliveryTimes(history: History, { from, to }: Window, isLeftOut: (device: string) => boolean) {
  const times: { at: number; ms: number }[] = [];
  for (let index = 0; index < history.stream.length; index++) {
    const line = history.stream.line(index);
    if (line.line !== "delivered" || line.event.id === undefined) continue;
    const request = history.requests.get(`${line.event.sender}/${line.event.id}`);
    const connection = history.connections.get(line.connection);
    const began = request?.attempts[0].invoke.at;
    if (began === undefined || began < from || began >= to) continue;
    // Whoever came later read it as history.
    if (connection?.resumed === undefined || connection.resumed.at > began) continue;
    if (isLeftOut(`${connection.connected.user}/${connection.connected.device}`)) continue;
    times.push({ at: began, ms: line.at - began });
  }
  return times;
}
