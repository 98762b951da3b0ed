import { once } from "node:events";
import { chmod, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { type MessageStore, StoreError } from "../message-store.ts";
import { Batches } from "./batches.ts";
import { type Call, isMethod, type Reply, shapes } from "./calls.ts";

export interface StoreServer {
  readonly path: string;
  /** Ends the connections; the store itself stays open. */
  close(): Promise<void>;
}

/**
 * Lets other processes of this machine use the store, over a Unix socket that only this user can open. Calls of one
 * connection are begun in the order in which they came. **Errors**: rejects where the socket can't be had.
 */
export async function serveStore(store: MessageStore, path: string): Promise<StoreServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    const batches: Batches<Reply, Call> = new Batches(socket, (calls) => {
      for (const call of calls) {
        void answer(store, call).then((reply) => batches.send(reply));
      }
    });
  });
  // What a process that was killed has left behind.
  await rm(path, { force: true });
  server.listen(path);
  await once(server, "listening");
  await chmod(path, 0o600);
  return {
    path,
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function answer(store: MessageStore, call: Call): Promise<Reply> {
  const [number, method, args] = Array.isArray(call) ? call : [-1, undefined, []];
  try {
    if (!isMethod(method)) throw new RangeError(`no call of a store: ${method}`);
    const { unpackArgs, packResult } = shapes[method];
    const result: unknown = await Reflect.apply(store[method], store, [...(unpackArgs?.(args) ?? args)]);
    return [number, true, packResult === undefined ? result : packResult(result)];
  } catch (error) {
    const code = error instanceof StoreError ? error.code : "range";
    return [number, false, code, error instanceof Error ? error.message : String(error)];
  }
}
