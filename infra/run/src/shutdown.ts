/** What ends this process, once it has said how. */
let endProcess: ((reason: string) => void) | undefined;

/** As SIGTERM does: the process drains and ends with 0. Does nothing where it has no orderly end. **Repeat**: nothing. */
export function askToEnd(reason: string): void {
  endProcess?.(reason);
}

/**
 * Ends this process once, on SIGINT, SIGTERM, SIGHUP, when the process that started it is gone, or by
 * {@link askToEnd}. A terminal and npm may both send the same Ctrl-C, so a repeated signal does nothing.
 * @param drain what has to be done; its failure is reported and ends the process with 1.
 * @param limitMs after which the process ends anyway: nothing acked is lost by that, since an ack is durable.
 */
export function onShutdown(
  drain: (reason: string) => Promise<void>,
  limitMs: number,
  say: (line: string) => void,
): void {
  let isEnding = false;
  const end = (reason: string): void => {
    if (isEnding) return;
    isEnding = true;
    const timer = setTimeout(() => {
      say(`not drained after ${limitMs} ms: ending anyway`);
      process.exit(0);
    }, limitMs);
    timer.unref();
    drain(reason).then(
      () => process.exit(0),
      (error: unknown) => {
        say(`draining failed: ${error instanceof Error ? error.message : String(error)}`);
        process.exit(1);
      },
    );
  };
  endProcess = end;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => end(signal));
  process.on("disconnect", () => end("the process that started this one is gone"));
}
