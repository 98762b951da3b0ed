import type { Metrics } from "@parley/telemetry";
import type { GatewayConfig } from "../config.ts";
import { type ClientSession, pauseReason } from "../session/client-session.ts";

/**
 * Client frames on their way to the chat server: not parsed, numbered by socket, and kept until they are answered.
 * When the session is attached anew they are sent again in their old order (ADR 0006), which is how no client ever
 * learns that a chat server died. **Bounds**: open requests and their bytes, and bytes a second; at each of them the
 * socket is not read until there is room.
 */
export class Inbound {
  readonly #config: GatewayConfig;
  readonly #metrics: Metrics;
  readonly #now: () => number;
  #openCount = 0;

  constructor(config: GatewayConfig, metrics: Metrics, now: () => number) {
    this.#config = config;
    this.#metrics = metrics;
    this.#now = now;
  }

  /** Requests of all sockets that are not answered yet. */
  get openCount(): number {
    return this.#openCount;
  }

  /** One frame that came after `hello`. */
  accept(session: ClientSession, bytes: Uint8Array): void {
    const request = { ordinal: session.nextOrdinal++, bytes, isRepeat: false };
    if (session.open === undefined) session.open = [request];
    else session.open.push(request);
    this.#openCount += 1;
    session.openBytes += bytes.length;
    this.#metrics.gatewayFramesIn.inc();
    this.#forward(session);
    // What else came in the same chunk still arrives, though the socket is paused: at most some 64 KiB.
    if (this.#isFull(session)) this.#pause(session, pauseReason.openRequests);
  }

  /** Counts any bytes that came, before they are looked at. */
  charge(session: ClientSession, bytes: number): void {
    this.#metrics.gatewayBytesIn.inc(bytes);
    this.#refill(session);
    session.inTokens -= bytes;
    if (session.inTokens < 0) this.#pause(session, pauseReason.rate);
  }

  /** The request has its answer, or needs none. **Repeat**: does nothing. */
  settle(session: ClientSession, ordinal: number): void {
    const { open } = session;
    const place = open?.findIndex((request) => request.ordinal === ordinal) ?? -1;
    const request = open?.[place];
    if (open === undefined || request === undefined) return;
    this.#openCount -= 1;
    session.openBytes -= request.bytes.length;
    if (place < session.openSent) session.openSent -= 1;
    if (open.length === 1) session.open = undefined;
    else open.splice(place, 1);
    this.#forward(session);
    if (session.pauses !== 0 && this.#isHalfEmpty(session)) this.#resume(session, pauseReason.openRequests);
  }

  /** The attachment is gone: what went out through it may or may not have had its effect. */
  markLost(session: ClientSession): void {
    for (let i = 0; i < session.openSent; i++) {
      const request = session.open?.[i];
      if (request !== undefined) request.isRepeat = true;
    }
    session.openSent = 0;
  }

  /** The socket is gone: nobody waits for these answers. */
  forget(session: ClientSession): void {
    this.#openCount -= session.open?.length ?? 0;
    session.open = undefined;
  }

  /** The session is live: sends what is open, in order. */
  replay(session: ClientSession): void {
    this.#forward(session);
  }

  /** From the sweep: sockets that were paused for their rate are read again. */
  tick(session: ClientSession): void {
    if ((session.pauses & pauseReason.rate) === 0) return;
    this.#refill(session);
    if (session.inTokens > 0) this.#resume(session, pauseReason.rate);
  }

  #forward(session: ClientSession): void {
    const { open, link } = session;
    if (open === undefined || link === undefined || session.stage !== "live") return;
    while (session.openSent < open.length && session.openSent < this.#config.openRequestsMax) {
      const request = open[session.openSent];
      if (request === undefined) return;
      session.openSent += 1;
      link.send({ type: "request", attachment: session.attachment, ...request });
    }
  }

  #isFull(session: ClientSession): boolean {
    const count = session.open?.length ?? 0;
    return count >= this.#config.openRequestsMax || session.openBytes >= this.#config.openBytesMax;
  }

  #isHalfEmpty(session: ClientSession): boolean {
    const count = session.open?.length ?? 0;
    return count <= this.#config.openRequestsMax / 2 && session.openBytes <= this.#config.openBytesMax / 2;
  }

  #refill(session: ClientSession): void {
    const now = this.#now();
    const { inBytesPerSecond, inBurstBytes } = this.#config;
    const gained = ((now - session.inAt) * inBytesPerSecond) / 1_000;
    session.inTokens = Math.min(inBurstBytes, session.inTokens + gained);
    session.inAt = now;
  }

  #pause(session: ClientSession, reason: number): void {
    if (session.pauses === 0) {
      session.ws.pause();
      session.pausedSince = this.#now();
    }
    session.pauses |= reason;
  }

  #resume(session: ClientSession, reason: number): void {
    if ((session.pauses & reason) === 0) return;
    session.pauses &= ~reason;
    if (session.pauses === 0) session.ws.resume();
  }
}
