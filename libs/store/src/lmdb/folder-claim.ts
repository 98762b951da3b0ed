import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { open, readdir, realpath, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { StoreError } from "../message-store.ts";

const claimName = /^claim-\d+-[0-9a-f]+\.sock$/;

/**
 * Claims the folder for this store until it is released or its process ends, however it ends: two stores would each
 * take the same slots, and neither would know. A claim is a Unix socket in the folder that listens: the kernel answers for
 * a process that lives, a stopped one too, and refuses for a dead one at once, so a `kill -9` leaves nothing to wait for.
 *
 * Each opener listens under a name of its own first and looks at the others then. Of two that open at the same instant at
 * least one sees the other; perhaps both do, and neither gets the folder. A name that is known to be dead is never taken
 * again, so removing it can't hit the living.
 * **Errors**: {@link StoreError} `unavailable`, which names the folder, where another one has it.
 */
export async function claimFolder(folder: string): Promise<() => Promise<void>> {
  const taken = new StoreError("unavailable", `the store's folder ${folder} is in use by another process`);
  if (process.platform === "win32") return listen(await pipeOf(folder), taken);
  const name = `claim-${process.pid}-${randomBytes(6).toString("hex")}.sock`;
  const { place, leave } = await openPlace(folder);
  let release: (() => Promise<void>) | undefined;
  try {
    const end = await listen(join(place, name), taken);
    release = async () => {
      await end();
      await leave();
    };
    for (const other of await readdir(folder)) {
      if (other === name || !claimName.test(other)) continue;
      if (await isAnswered(join(place, other))) throw taken;
      await rm(join(folder, other), { force: true });
    }
    return release;
  } catch (error) {
    await (release ?? leave)();
    throw error;
  }
}

/** A socket's path is at most 107 bytes: on Linux an open folder gives every folder a short one. **Source**: unix(7). */
async function openPlace(folder: string): Promise<{ place: string; leave: () => Promise<void> }> {
  if (process.platform !== "linux") return { place: folder, leave: async () => {} };
  const handle = await open(folder, "r");
  return { place: `/proc/self/fd/${handle.fd}`, leave: () => handle.close() };
}

/** Pipes of Windows end with their process, and have a space of names of their own. */
async function pipeOf(folder: string): Promise<string> {
  const hash = createHash("sha256").update(await realpath(folder));
  return `\\\\.\\pipe\\parley-store-${hash.digest("hex").slice(0, 24)}`;
}

async function listen(path: string, taken: StoreError): Promise<() => Promise<void>> {
  const server: Server = createServer((socket) => socket.destroy());
  server.listen(path);
  try {
    await once(server, "listening");
  } catch (error) {
    throw error instanceof Error && "code" in error && error.code === "EADDRINUSE" ? taken : error;
  }
  // The claim alone keeps no process alive.
  server.unref();
  return async () => {
    const closed = once(server, "close");
    server.close();
    await closed;
  };
}

/** Only a refusal and a missing name mean that nobody is there. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code !== "ECONNREFUSED" && error.code !== "ENOENT");
    });
  });
}
