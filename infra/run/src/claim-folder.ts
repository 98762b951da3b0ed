import { createHash } from "node:crypto";
import { mkdir, realpath, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class FolderTakenError extends Error {}

/**
 * Claims the data folder for this process until it ends, however it ends: two embedded systems on one store would each
 * take themselves for the whole fleet, and their users would not see each other. The claim is a socket that listens, so
 * a `kill -9` leaves nothing that the next start must wait for. Its path is a hash, since those of sockets are short.
 * **Errors**: {@link FolderTakenError} when another process holds it.
 */
export async function claimFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const name = createHash("sha256")
    .update(await realpath(folder))
    .digest("hex")
    .slice(0, 24);
  const windows = process.platform === "win32";
  const path = windows ? `\\\\.\\pipe\\parley-${name}` : join(tmpdir(), `parley-${name}.sock`);
  const taken = new FolderTakenError(`${folder} is in use by another process of Parley; choose another with --data`);
  if (await listen(path)) return;
  if (await isAnswered(path)) throw taken;
  // Left by a process that was killed.
  await rm(path, { force: true });
  if (!(await listen(path))) throw taken;
}

/** False where the path is there already. */
function listen(path: string): Promise<boolean> {
  const server: Server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    server.listen(path, () => {
      server.unref();
      resolve(true);
    });
  });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
