import { createServer } from "node:net";

/** Below the range that the kernel takes ports of outgoing connections from: a port stays free while its owner is down. */
const [lowest, highest] = [18_000, 31_999];
const attemptsMax = 200;

/** A port of 127.0.0.1 that nobody listens on. **Errors**: rejects when it found none. */
export async function findQuietPort(): Promise<number> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest + 1));
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port between ${lowest} and ${highest}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
