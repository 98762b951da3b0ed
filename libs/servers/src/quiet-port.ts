import { createServer } from "node:net";

/** Below the range that the kernel takes ports of outgoing connections from: a port stays free while its owner is down. */
const [lowest, highest] = [18_000, 31_999];
const attemptsMax = 200;

/**
 * The first of `count` neighbouring ports of 127.0.0.1 that nobody listens on. **Errors**: rejects when it found none.
 */
export async function findQuietPort(count = 1): Promise<number> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest + 2 - count));
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(port + index)));
    if (free.every(Boolean)) return port;
  }
  throw new Error(`no ${count} free ports in a row between ${lowest} and ${highest}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
