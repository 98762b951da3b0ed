import { existsSync } from "node:fs";
import { access, constants, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

/** `$PARLEY_CACHE`, else `.cache` in the root of the repository. */
export function cacheFolder(): string {
  const chosen = process.env["PARLEY_CACHE"];
  if (chosen !== undefined && chosen !== "") return chosen;
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "pnpm-workspace.yaml")) && dirname(folder) !== folder) folder = dirname(folder);
  return join(folder, ".cache");
}

/** Where a command stands on the PATH, if it does. */
export async function findCommand(name: string): Promise<string | undefined> {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(folder, name);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder; the next one may have it.
    }
  }
  return undefined;
}

/** The given folder, made when missing and kept; or a new one that `remove` takes away. */
export async function dataFolder(dir: string | undefined): Promise<{ path: string; remove: () => Promise<void> }> {
  if (dir !== undefined) {
    await mkdir(dir, { recursive: true });
    return { path: dir, remove: async () => {} };
  }
  const path = await mkdtemp(join(tmpdir(), "parley-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
