import { mkdir, open, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";

/** Terminals of one user at a time, on one data folder. */
const devicesMax = 16;

export interface ClaimedDevice {
  readonly device: string;
  /** Where this device's outbox is kept. */
  readonly outboxFile: string;
  release(): Promise<void>;
}

/**
 * Finds the first device name that no other running terminal of this user has: the server allows a device one socket,
 * and the outbox file belongs to one process. A claim whose process is gone is taken over, and its outbox with it.
 * **Errors**: when all names are taken.
 */
export async function claimDevice(dataDir: string, user: string): Promise<ClaimedDevice> {
  const folder = join(dataDir, "terminal");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (let number = 1; number <= devicesMax; number += 1) {
    const device = number === 1 ? "terminal" : `terminal-${number}`;
    const lock = join(folder, `${user}.${device}.lock`);
    if (!(await claim(lock))) continue;
    return {
      device,
      outboxFile: join(folder, `${user}.${device}.outbox`),
      release: () => unlink(lock).catch(() => {}),
    };
  }
  throw new Error(`${devicesMax} terminals of ${user} are running already`);
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
    await unlink(lock).catch(() => {});
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
