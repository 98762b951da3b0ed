import { closeCode, errorFrame } from "@parley/protocol";
import type { GatewayConfig } from "../config.ts";
import type { Inbound } from "../inbound/inbound.ts";
import type { Outbound } from "../outbound/outbound.ts";
import type { Attacher } from "../placement/attacher.ts";
import type { ClientSession } from "./client-session.ts";

/** Pings that may be unanswered when the next is due. */
const pingsOpenMax = 2;

/** A whole, unmasked ping frame without payload. **Source**: RFC 6455, section 5.5.2. */
const pingFrame = Buffer.from([0x89, 0x00]);

export interface SweepOptions {
  readonly config: GatewayConfig;
  readonly sessions: Iterable<ClientSession>;
  readonly inbound: Inbound;
  readonly outbound: Outbound;
  readonly attacher: Attacher;
  readonly now: () => number;
  readonly wallNow: () => number;
}

/**
 * All deadlines of all sockets under one coarse timer: a look at ten thousand sessions costs a fraction of a
 * millisecond, ten thousand timers that each message moves cost more, and memory. Deadlines are so late by up to
 * `sweepMs`, and none is early.
 */
export class Sweep {
  readonly #o: SweepOptions;
  readonly #timer: NodeJS.Timeout;

  constructor(options: SweepOptions) {
    this.#o = options;
    this.#timer = setInterval(this.#pass, options.config.sweepMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  readonly #pass = (): void => {
    const now = this.#o.now();
    const wallNow = this.#o.wallNow();
    for (const session of this.#o.sessions) this.#look(session, now, wallNow);
  };

  #look(session: ClientSession, now: number, wallNow: number): void {
    const { config, inbound, outbound, attacher } = this.#o;
    if (session.stage === "silent") {
      // Absolute, not idle: a stranger could stay for ever by sending pings.
      if (now >= session.pingAt) outbound.close(session, closeCode.helloTimeout, "no hello in time");
      return;
    }
    if (session.user !== "" && wallNow >= session.tokenExpiresAt + config.tokenGraceMs) {
      outbound.error(session, errorFrame("token_expired", "token: it has expired"));
      outbound.close(session, closeCode.unauthenticated, "token expired");
      return;
    }
    if (session.pauses !== 0) {
      inbound.tick(session);
      const isStuck = session.pauses !== 0 && now - session.pausedSince >= config.pausedMsMax;
      if (isStuck) outbound.close(session, closeCode.unavailable, "requests are not answered");
    } else if (now >= session.pingAt) {
      // A paused socket is not pinged: we would not read its pong.
      this.#ping(session, now);
    }
    if (session.lag !== undefined) outbound.tick(session);
    attacher.tick(session, now);
  }

  #ping(session: ClientSession, now: number): void {
    if (session.pingsOpen >= pingsOpenMax) {
      this.#o.outbound.terminate(session, "silent");
      return;
    }
    session.pingsOpen += 1;
    session.pingAt = now + this.#o.config.pingMs;
    session.socket.write(pingFrame);
  }
}
