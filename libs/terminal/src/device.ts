import { access, mkdir, open, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { OutboxStorage } from "@parley/client";
import { createFileStorage } from "@parley/client/node";

/** Terminals of one user at a time, on one data folder. */
const devicesMax = 16;

export interface ClaimedDevice {
  readonly device: string;
  readonly storage: OutboxStorage;
  release(): Promise<void>;
}

/**
 * Finds the first device name that no other running terminal of this user has: the server allows a device one socket,
 * and the outbox file belongs to one process. A claim whose process is gone is taken over. What terminals that are gone
 * left unsent in their own files is taken over too, since nobody may ever start so many at once again; a request keeps
 * its id, so one that was taken over twice, or had arrived after all, still takes effect once.
 * **Errors**: when all names are taken.
 */
export async function claimDevice(dataDir: string, user: string): Promise<ClaimedDevice> {
  const folder = join(dataDir, "terminal");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const fileOf = (device: string, kind: string): string => join(folder, `${user}.${device}.${kind}`);
  let own: ClaimedDevice | undefined;
  for (let number = 1; number <= devicesMax; number += 1) {
    const device = number === 1 ? "terminal" : `terminal-${number}`;
    const lock = fileOf(device, "lock");
    const outbox = fileOf(device, "outbox");
    if (own !== undefined && !(await exists(outbox))) continue;
    if (!(await claim(lock))) continue;
    if (own !== undefined) {
      await moveRequests(outbox, own.storage);
      await forget(lock);
      continue;
    }
    own = { device, storage: createFileStorage(outbox), release: () => forget(lock) };
    // A storage is read before it is written to.
    await own.storage.load();
  }
  if (own === undefined) throw new Error(`${devicesMax} terminals of ${user} are running already`);
  return own;
}

/** First all is in its new place, then the old one goes: a crash between the two leaves it in both. */
async function moveRequests(from: string, to: OutboxStorage): Promise<void> {
  for (const request of await createFileStorage(from).load()) await to.put(request);
  await forget(from);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** A file that is gone already is as good. */
async function forget(file: string): Promise<void> {
  await unlink(file).catch((error: unknown) => {
    if (!hasCode(error, "ENOENT")) throw error;
  });
}

async function claim(lock: string): Promise<boolean> {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      const file = await open(lock, "wx", 0o600);
      await file.writeFile(String(process.pid));
      await file.close();
      return true;
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
    }
    if (await isHeld(lock)) return false;
    await forget(lock);
  }
  return false;
}

async function isHeld(lock: string): Promise<boolean> {
  const pid = Number(await readFile(lock, "utf8").catch(() => ""));
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    // Signal 0 asks whether the process is there and does nothing to it.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, "EPERM");
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
