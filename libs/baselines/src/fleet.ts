import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { startMongo, startRedis } from "@parley/servers";

export interface BaselineFleetOptions {
  readonly servers: number;
  /** Whether each message is inserted into MongoDB before its ack. */
  readonly isStored: boolean;
  readonly onProgress?: (line: string) => void;
}

export interface BaselineProcess {
  readonly role: "server" | "redis" | "store";
  readonly pid: number;
}

export interface BaselineFleet {
  /** Of the Socket.IO endpoint of each server. */
  readonly ws: readonly string[];
  readonly redis: string;
  readonly processes: readonly BaselineProcess[];
  stop(): Promise<void>;
}

/** Servers of {@link startBaseline} in processes of their own, on a Redis and a store of their own. */
export async function startBaselineFleet(options: BaselineFleetOptions): Promise<BaselineFleet> {
  const { servers, isStored, onProgress = () => {} } = options;
  const redis = await startRedis({ onProgress });
  const store = isStored ? await startMongo({ onProgress }) : undefined;
  const children: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(children.map(end));
    await Promise.all([redis.close(), store?.close()]);
  };
  try {
    const ws: string[] = [];
    const processes: BaselineProcess[] = [];
    for (let index = 0; index < servers; index++) {
      const args = [redis.url, ...(store === undefined ? [] : [store.url])];
      const child = fork(fileURLToPath(new URL("./main.ts", import.meta.url)), args);
      children.push(child);
      const [up] = await Promise.race([once(child, "message"), once(child, "exit")]);
      const port = typeof up === "object" && up !== null && "port" in up ? Number(up.port) : undefined;
      if (port === undefined || child.pid === undefined) throw new Error("a server of the baseline did not start");
      ws.push(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`);
      processes.push({ role: "server", pid: child.pid });
    }
    if (redis.pid !== undefined) processes.push({ role: "redis", pid: redis.pid });
    if (store?.pid !== undefined) processes.push({ role: "store", pid: store.pid });
    return { ws, redis: redis.url, processes, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.disconnect();
  await exited;
}
