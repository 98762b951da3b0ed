import { mkdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";

const logBytesMax = 16 * 1024 * 1024;

/** The log of a system on a terminal, where lines of JSON would bury the screen. At start a long one makes place. */
export async function rotateLog(dataDir: string): Promise<string> {
  const file = join(dataDir, "parley.log");
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size > logBytesMax) await rename(file, `${file}.1`);
  return file;
}
