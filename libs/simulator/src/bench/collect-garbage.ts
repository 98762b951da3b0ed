import { WebSocket } from "ws";
import type { System } from "../target/system.ts";

/** To be in the environment of a system whose garbage is to be collected: each process gets an inspector port of its own. */
export const inspectable = { NODE_OPTIONS: "--inspect-port=127.0.0.1:0" } as const;

const openWithinMs = 10_000;
const listening = /Debugger listening on (ws:\/\/127\.0\.0\.1:\d+\/[0-9a-f-]+)/;

/**
 * Makes each of these processes collect all garbage, so that what stays is what sessions hold and not what opening them
 * left behind. SIGUSR1 opens Node's inspector, whose address goes to stderr. **Source**: Node's "Debugger" page; Chrome
 * DevTools protocol, HeapProfiler.collectGarbage.
 */
export async function collectGarbage(system: System, pids: readonly number[]): Promise<void> {
  for (const pid of pids) process.kill(pid, "SIGUSR1");
  const end = performance.now() + openWithinMs;
  let urls: readonly string[] = [];
  while (urls.length < pids.length && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    urls = [...new Set(system.output.flatMap((line) => listening.exec(line)?.[1] ?? []))];
  }
  if (urls.length < pids.length) throw new Error(`of ${pids.length} inspectors only ${urls.length} opened`);
  await Promise.all(urls.map(collectAt));
}

/** Twice, since finalizers of the first round free more for the second. */
function collectAt(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    let rounds = 0;
    const collect = (): void => socket.send(JSON.stringify({ id: rounds, method: "HeapProfiler.collectGarbage" }));
    socket.on("error", reject);
    socket.on("open", collect);
    socket.on("message", () => {
      rounds += 1;
      if (rounds < 2) return collect();
      socket.close();
      resolve();
    });
  });
}
