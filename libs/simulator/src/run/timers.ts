/** Repeated work at random times that all ends at once. */
export interface Timers {
  /** Does the work after each pause, the next pause beginning when the work is done, until {@link stop}. */
  repeat(pauseMs: () => number, work: () => void | Promise<void>): void;
  /** Resolves after so many ms, or at once when stopped. */
  pause(ms: number): Promise<void>;
  /** No work begins any more; resolves when what had begun is done. */
  stop(): Promise<void>;
}

/** `onError` is told of work that failed; the next round comes all the same. */
export function createTimers(onError: (cause: unknown) => void): Timers {
  const waiting = new Set<() => void>();
  const loops: Promise<void>[] = [];
  let isStopped = false;

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      if (isStopped) return resolve();
      const end = (): void => {
        clearTimeout(timer);
        waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      waiting.add(end);
    });

  const loop = async (pauseMs: () => number, work: () => void | Promise<void>): Promise<void> => {
    for (;;) {
      await pause(pauseMs());
      if (isStopped) return;
      try {
        await work();
      } catch (cause) {
        onError(cause);
      }
    }
  };

  return {
    pause,
    repeat(pauseMs, work) {
      loops.push(loop(pauseMs, work));
    },
    async stop() {
      isStopped = true;
      for (const end of [...waiting]) end();
      await Promise.all(loops);
    },
  };
}
