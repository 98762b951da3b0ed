import type { Arena } from "../run/arena.ts";

/** A chat server may go, and no client notices more than a pause: its socket stays. To be called as the row begins. */
export function requireSocketsStay({ scene, requireLater }: Arena<unknown>): void {
  const before = scene.counters.closedByServer;
  requireLater("no client's socket is ended", () => {
    const ended = scene.counters.closedByServer - before;
    return { isMet: ended === 0, seen: `${ended} of ${scene.counters.connections} were` };
  });
}
