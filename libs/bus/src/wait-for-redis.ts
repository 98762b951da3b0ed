import { connectCommands, withDeadline } from "./redis-client.ts";
import { describeRedis, type RedisOptionsUnion } from "./redis-options.ts";
import { startPulse } from "./redis-pulse.ts";

export interface WaitOptions {
  /** Ends the waiting early; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Resolves once Redis answers commands (in a Cluster: all masters). Until then it says so through `log`, one line a
 * second, and goes on for as long as it takes: a process that starts before its Redis waits, it does not crash.
 */
export async function waitForRedis(
  redis: RedisOptionsUnion,
  log: (line: string) => void,
  options: WaitOptions = {},
): Promise<void> {
  const { signal } = options;
  const client = connectCommands(redis);
  const pulse = startPulse(client);
  const since = performance.now();
  const up = new Promise<void>((resolve, reject) => {
    pulse.onChange((isUp) => {
      if (isUp) resolve();
    });
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    if (signal?.aborted === true) reject(signal.reason);
  });
  try {
    for (;;) {
      const isUp = await withDeadline(up, 1_000, "Redis").then(
        () => true,
        () => false,
      );
      signal?.throwIfAborted();
      if (isUp) return;
      const seconds = Math.round((performance.now() - since) / 1_000);
      log(`Waiting for ${describeRedis(redis)} (${seconds} s): it does not answer yet.`);
    }
  } finally {
    pulse.stop();
  }
}
