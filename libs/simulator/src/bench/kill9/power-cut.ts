import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * A disk whose power is cut: a file system of its own in an image file. What a process writes there stays in the
 * kernel's memory until it is flushed to the image, so a **copy of the image** is what a disk would hold at that
 * instant; the copy is mounted in its place. SIGKILL alone can't show a missing flush: the kernel lives on and writes
 * everything in its own time.
 * **Limits**: the kernel may write something by itself between the kill and the copy (it begins after 5 s), which makes
 * the proof weaker in that round, never wrong; a disk that lies about its own cache is not shown.
 */
export interface CutDisk {
  readonly folder: string;
  /** Writes a file without a flush, to see that the cut loses it. */
  writeUnflushed(): Promise<void>;
  /** Everything that was not flushed is gone. True where the unflushed file is, too. Nothing may be open on it. */
  cut(): Promise<boolean>;
  remove(): Promise<void>;
}

const imageBytes = 192 * 1_048_576;
const unflushedBytes = 100_000;

/** Whether this process may mount: root on Linux, with loop devices. */
export async function canCutPower(): Promise<boolean> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  return createCutDisk().then(
    (disk) => disk.remove().then(() => true),
    () => false,
  );
}

/** **Errors**: rejects where this process may not mount (root on Linux may). */
export async function createCutDisk(): Promise<CutDisk> {
  const memory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const work = await mkdtemp(join(memory, "parley-disk-"));
  const folder = join(work, "mount");
  const image = (generation: number): string => join(work, `image-${generation}`);
  let generation = 0;
  await mkdir(folder);
  await writeFile(image(0), "");
  await truncate(image(0), imageBytes);
  await run("mkfs.ext4", ["-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", image(0)]);
  const mount = (): Promise<unknown> => run("mount", ["-o", "loop", image(generation), folder]);
  await mount().catch(async (cause: unknown) => {
    await rm(work, { recursive: true, force: true });
    throw cause;
  });
  const unflushed = join(folder, "unflushed");
  return {
    folder,
    writeUnflushed: () => writeFile(unflushed, "x".repeat(unflushedBytes)),
    async cut() {
      await copyFile(image(generation), image(generation + 1));
      await run("umount", [folder]);
      await rm(image(generation));
      generation += 1;
      await mount();
      const size = await stat(unflushed).then(
        ({ size }) => size,
        () => 0,
      );
      await rm(unflushed, { force: true });
      return size < unflushedBytes;
    },
    async remove() {
      await run("umount", [folder]);
      await rm(work, { recursive: true, force: true });
    },
  };
}
