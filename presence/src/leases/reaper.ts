import type { PresenceRegistry } from "@parley/cluster";
import type { Logger } from "@parley/telemetry";

/** Clears away what dead nodes left behind, every so often. Several presence processes may do it at once. */
export interface Reaper {
  /** Waits for a sweep that is under way. */
  stop(): Promise<void>;
}

export function startReaper(presence: PresenceRegistry, intervalMs: number, logger: Logger): Reaper {
  let sweeping: Promise<void> | undefined;

  async function sweep(): Promise<void> {
    try {
      const users = await presence.reap(Date.now());
      if (users > 0) logger.info({ users }, "entries of dead nodes cleared");
    } catch (error) {
      // Out of reach: the next sweep finds the same entries, and nobody counts them as online meanwhile.
      logger.debug({ err: error }, "sweep of dead nodes failed");
    } finally {
      sweeping = undefined;
    }
  }

  const timer = setInterval(() => {
    sweeping ??= sweep();
  }, intervalMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await sweeping;
    },
  };
}
