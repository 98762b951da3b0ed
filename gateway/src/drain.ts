import { closeCode } from "@parley/protocol";
import type { GatewayConfig } from "./config.ts";
import type { Outbound } from "./outbound/outbound.ts";
import type { ClientSession } from "./session/client-session.ts";

/** How often sessions are looked at while draining, ms. */
const lookMs = 20;
/** Sockets closed at each look: a herd of close frames would delay those who still wait for an answer. */
const closesPerLook = 200;
/** How long clients have to answer the close frame before the process may go, ms. */
const lingerMs = 500;

export interface DrainOptions {
  readonly config: GatewayConfig;
  readonly sessions: ReadonlySet<ClientSession>;
  /** Sockets whose closing handshake is under way. */
  readonly closing: ReadonlySet<unknown>;
  readonly outbound: Outbound;
  /** Another gateway takes clients. */
  readonly hasOther: () => boolean;
  readonly now: () => number;
  readonly random: () => number;
}

/**
 * Every client is told when to come back, spread over `drainSpreadMs` so that the other gateways see no herd, and is
 * **served until then**: whoever comes back to another gateway at its time misses nothing but the handshake. At its time
 * a socket that is still here is closed with 4503 once its open requests are answered, at the latest `drainGraceMs`
 * later. Where no other gateway takes clients there is nowhere to go before we are back: all are closed at once, and come
 * back spread all the same. Resolves when clients have answered the close, or half a second later.
 */
export async function drainSessions(options: DrainOptions): Promise<void> {
  const { config, sessions, closing, outbound, hasOther, now, random } = options;
  const leaveAt = new Map<ClientSession, number>();
  for (const session of sessions) {
    if (!session.hasWelcome) continue;
    const afterMs = Math.round(random() * config.drainSpreadMs);
    outbound.reconnect(session, { type: "reconnect", afterMs, reason: "drain" });
    leaveAt.set(session, now() + afterMs);
  }
  const startedAt = now();
  let lingerUntil = startedAt;
  while (sessions.size > 0 || (closing.size > 0 && now() < lingerUntil)) {
    const isAlone = !hasOther();
    let closes = 0;
    for (const session of sessions) {
      if (closes >= closesPerLook) break;
      const dueAt = isAlone ? startedAt : (leaveAt.get(session) ?? startedAt);
      const isDue = now() >= dueAt + (session.open === undefined ? 0 : config.drainGraceMs);
      if (!isDue) continue;
      outbound.close(session, closeCode.unavailable, "this gateway drains");
      leaveAt.delete(session);
      closes += 1;
      lingerUntil = now() + lingerMs;
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}
