import { type RunningServer, startMongo, startRedis } from "@parley/servers";
import { findQuietPort } from "@parley/servers/testing";

/** Redis or the store of a fleet: a server that can fall and come back where it was. */
export interface FleetServer {
  /** Straight, past the proxies. */
  readonly url: string;
  readonly pid: number;
  readonly isUp: boolean;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** At its old address; a store finds its data, Redis comes back empty. **Repeat**: does nothing where it is up. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export function startFleetRedis(): Promise<FleetServer> {
  return keep((port) => startRedis({ port }));
}

export function startFleetStore(dir: string): Promise<FleetServer> {
  return keep((port) => startMongo({ dir, port }));
}

async function keep(start: (port: number) => Promise<RunningServer>): Promise<FleetServer> {
  let server = await start(await findQuietPort());
  const { url } = server;
  let isUp = true;
  return {
    url,
    get pid() {
      return server.pid ?? 0;
    },
    get isUp() {
      return isUp;
    },
    async kill() {
      if (!isUp) return;
      if (server.pid === undefined) throw new Error(`${url} is not ours to kill`);
      isUp = false;
      process.kill(server.pid, "SIGKILL");
      await server.close();
    },
    async start() {
      if (isUp) return;
      server = await start(Number(new URL(url).port));
      isUp = true;
    },
    async close() {
      if (isUp) await server.close();
      isUp = false;
    },
  };
}
