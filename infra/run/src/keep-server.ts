import type { RunningServer } from "@parley/servers";

export interface KeptServer {
  /** The server of now. */
  readonly current: RunningServer;
  /** **Repeat**: a second call waits for the same end. */
  close(): Promise<void>;
}

const firstDelayMs = 500;
const longestDelayMs = 10_000;

/**
 * Keeps a server that `cluster` has started running: one that dies is reported and started again at its old address,
 * with growing pauses. `start` is given the port of the first time. A server of somebody else's is left alone.
 * **Errors**: rejects where the first start fails.
 */
export async function keepServer(
  name: string,
  start: (port: number | undefined) => Promise<RunningServer>,
  say: (line: string) => void,
): Promise<KeptServer> {
  let current = await start(undefined);
  const port = Number(new URL(current.url).port);
  let isClosing = false;
  let timer: NodeJS.Timeout | undefined;
  let starting: Promise<void> | undefined;

  function watch(failures: number): void {
    void current.gone?.then(() => {
      if (!isClosing) again(failures);
    });
  }
  function again(failures: number): void {
    const delayMs = Math.min(firstDelayMs * 2 ** failures, longestDelayMs);
    say(`${name} (pid ${current.pid}) died; starting it again in ${delayMs / 1_000} s`);
    timer = setTimeout(() => {
      starting = start(port).then(
        (server) => {
          current = server;
          say(`${name} is back: pid ${server.pid}`);
          watch(0);
        },
        (error: unknown) => {
          say(`${name} could not be started: ${error instanceof Error ? error.message : String(error)}`);
          if (!isClosing) again(failures + 1);
        },
      );
    }, delayMs);
  }
  watch(0);
  return {
    get current() {
      return current;
    },
    async close() {
      isClosing = true;
      clearTimeout(timer);
      await starting;
      await current.close();
    },
  };
}
