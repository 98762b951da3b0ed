import type { Fleet } from "../fleet/fleet.ts";
import type { Arena } from "../run/arena.ts";

/** Whatever is cut behind the gateways: their clients wait, and keep their sockets. */
export function requireSocketsStay({ scene, requireLater }: Arena<Fleet>): void {
  const before = scene.counters.closedByServer;
  requireLater("no client's socket ends", ({ scene: { counters } }) => {
    const ended = counters.closedByServer - before;
    return { isMet: ended === 0, seen: `${ended} ended` };
  });
}
