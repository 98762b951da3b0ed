export interface AdmissionLimits {
  /** Requests of all channels that may wait for the store. */
  readonly requestsMax: number;
  /** Their bytes. */
  readonly bytesMax: number;
  /** A request that would wait longer, as far as can be told, is refused: a queue that never gets short serves nobody. */
  readonly waitMs: number;
}

/** So many are let in whatever the wait: one burst on a quiet server tells nothing about its rate. */
export const freeRequests = 512;
/** Busy time after which a rate is taken for one. */
const sampleMs = 250;
const retryMsMin = 100;
const retryMsMax = 5_000;
/** Where no rate is known yet. */
const retryMsFirst = 500;

/**
 * What may wait for the store over all channels of one server, by number, bytes and time. Each channel has its own bound
 * beside it, but many channels share one store: without this, requests pile up in memory until their askers have given
 * up, and then the store works on what nobody waits for.
 *
 * The wait is told by Little's law: what waits, over the rate at which the store settled requests **while there was
 * work** (a server that had little to do settled little). Pure: time comes in as an argument, ms.
 */
export class Admission {
  private readonly limits: AdmissionLimits;
  private requests = 0;
  private bytes = 0;
  /** Settled requests a ms of busy time; undefined until there was enough of it. */
  private rate: number | undefined;
  private settled = 0;
  private busyMs = 0;
  private at = 0;

  constructor(limits: AdmissionLimits) {
    this.limits = limits;
  }

  get waiting(): { readonly requests: number; readonly bytes: number } {
    return { requests: this.requests, bytes: this.bytes };
  }

  /** Undefined where it is in, to be given back by {@link leave}; else after how many ms another try is worth it. */
  tryEnter(bytes: number, now: number): number | undefined {
    this.pass(now);
    const { requestsMax, bytesMax, waitMs } = this.limits;
    const isFull = this.requests >= requestsMax || this.bytes + bytes > bytesMax;
    const wouldWaitMs = this.rate === undefined ? undefined : this.requests / this.rate;
    if (isFull || (this.requests >= freeRequests && (wouldWaitMs ?? Number.POSITIVE_INFINITY) > waitMs)) {
      return Math.round(Math.min(retryMsMax, Math.max(retryMsMin, wouldWaitMs ?? retryMsFirst)));
    }
    this.requests += 1;
    this.bytes += bytes;
    return undefined;
  }

  leave(bytes: number, now: number): void {
    this.pass(now);
    this.requests -= 1;
    this.bytes -= bytes;
    this.settled += 1;
  }

  private pass(now: number): void {
    if (this.requests > 0) this.busyMs += Math.max(0, now - this.at);
    this.at = now;
    if (this.busyMs < sampleMs) return;
    // A store that stands still has settled nothing, and its rate falls with every look.
    const sample = this.settled / this.busyMs;
    this.rate = this.rate === undefined ? sample : (this.rate + sample) / 2;
    this.settled = 0;
    this.busyMs = 0;
  }
}
