import { createServer } from "node:net";

/**
 * A port of 127.0.0.1 that was free just now. Somebody may take it before it is used: callers start again with
 * another one.
 */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** **Errors**: the last error of `attempt`, or an Error naming `what`, once `timeoutMs` have passed. */
export async function waitUntil(what: string, timeoutMs: number, attempt: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    try {
      if (await attempt()) return;
    } catch (error) {
      if (error instanceof GaveUp) throw error;
      cause = error;
    }
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${timeoutMs} ms`, { cause });
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Thrown by an attempt that can never succeed any more. */
export class GaveUp extends Error {}
