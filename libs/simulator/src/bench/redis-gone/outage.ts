import type { RunningServer } from "@parley/servers";
import { startRedis } from "@parley/servers";

/** `dead`: killed, and an empty one comes at the same port. `silent`: stopped, so that connections stay and nothing
 *  answers; it goes on with what it knew. */
export type OutageKind = "dead" | "silent";

/** A Redis that can be taken away and given back at its address. */
export interface MortalRedis {
  readonly url: string;
  takeAway(kind: OutageKind): void;
  giveBack(): Promise<void>;
  close(): Promise<void>;
}

export async function startMortalRedis(): Promise<MortalRedis> {
  let server: RunningServer = await startRedis();
  const { url } = server;
  let gone: OutageKind | undefined;
  const signal = (name: NodeJS.Signals): void => {
    if (server.pid !== undefined) process.kill(server.pid, name);
  };
  const giveBack = async (): Promise<void> => {
    if (gone === "silent") signal("SIGCONT");
    if (gone === "dead") {
      await server.close();
      server = await startRedis({ port: Number(new URL(url).port) });
    }
    gone = undefined;
  };
  return {
    url,
    takeAway(kind) {
      gone = kind;
      signal(kind === "dead" ? "SIGKILL" : "SIGSTOP");
    },
    giveBack,
    async close() {
      // One that stands still would not hear SIGTERM.
      if (gone === "silent") await giveBack();
      await server.close();
    },
  };
}
