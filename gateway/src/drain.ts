import { closeCode } from "@parley/protocol";
import type { GatewayConfig } from "./config.ts";
import type { Outbound } from "./outbound/outbound.ts";
import type { ClientSession } from "./session/client-session.ts";

/** How often open requests are looked at while draining, ms. */
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
  readonly now: () => number;
  readonly random: () => number;
}

/**
 * Every client is told when to come back (spread over `drainSpreadMs`, so that the other gateways see no herd), then
 * closed with 4503 once its open requests are answered, at the latest after `drainGraceMs`. Resolves when clients have
 * answered the close, or half a second later.
 */
export async function drainSessions(options: DrainOptions): Promise<void> {
  const { config, sessions, closing, outbound, now, random } = options;
  for (const session of sessions) {
    if (!session.hasWelcome) continue;
    const afterMs = Math.round(random() * config.drainSpreadMs);
    outbound.reconnect(session, { type: "reconnect", afterMs, reason: "drain" });
  }
  const until = now() + config.drainGraceMs;
  let lingerUntil = until + lingerMs;
  while (sessions.size > 0 || (closing.size > 0 && now() < lingerUntil)) {
    const isOver = now() >= until;
    let closes = 0;
    for (const session of sessions) {
      if (closes >= closesPerLook) break;
      if (session.open !== undefined && !isOver) continue;
      outbound.close(session, closeCode.unavailable, "this gateway drains");
      closes += 1;
      lingerUntil = now() + lingerMs;
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}
