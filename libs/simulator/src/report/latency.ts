import { createHistogram } from "node:perf_hooks";
import type { History, Request } from "../history/history.ts";

/** ms; all 0 where nothing was measured. */
export interface Quantiles {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

function createQuantiles() {
  const histogram = createHistogram();
  return {
    /** In steps of a microsecond. */
    add: (ms: number): void => histogram.record(Math.max(1, Math.round(ms * 1_000))),
    read: (): Quantiles =>
      histogram.count === 0
        ? { count: 0, p50: 0, p95: 0, p99: 0, max: 0 }
        : {
            count: histogram.count,
            p50: histogram.percentile(50) / 1_000,
            p95: histogram.percentile(95) / 1_000,
            p99: histogram.percentile(99) / 1_000,
            max: histogram.max / 1_000,
          },
  };
}

/** From a frame on the wire to its ack on the same socket, each attempt by itself; `isLeftOut` as below. */
export function ackLatency(history: History, isLeftOut: (device: string) => boolean): Quantiles {
  const quantiles = createQuantiles();
  for (const { user, device, attempts } of history.requests.values()) {
    if (isLeftOut(`${user}/${device}`)) continue;
    for (const { invoke, answer } of attempts) if (answer?.line === "ok") quantiles.add(answer.at - invoke.at);
  }
  return quantiles.read();
}

/**
 * From a frame's first time on the wire to its event at each socket that was there all along; sockets of the devices
 * in `isLeftOut` (slow readers, by `user/device`) are not counted, since what they measure is themselves.
 */
export function endToEndLatency(history: History, isLeftOut: (device: string) => boolean): Quantiles {
  const quantiles = createQuantiles();
  const sentAt = (request: Request): number => request.attempts[0].invoke.at;
  for (let index = 0; index < history.stream.length; index++) {
    const line = history.stream.line(index);
    if (line.line !== "delivered" || line.event.id === undefined) continue;
    const connection = history.connections.get(line.connection);
    const request = history.requests.get(`${line.event.sender}/${line.event.id}`);
    if (request === undefined || connection?.resumed === undefined || connection.resumed.at > sentAt(request)) continue;
    if (isLeftOut(`${connection.connected.user}/${connection.connected.device}`)) continue;
    quantiles.add(line.at - sentAt(request));
  }
  return quantiles.read();
}
