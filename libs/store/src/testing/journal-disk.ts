import { copyFile, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type JournalFile, type OpenJournalFile, openJournalFile } from "../journal/journal-file.ts";

/** A disk under a journal that waits or fails when told. */
export interface JournalDisk {
  readonly openFile: OpenJournalFile;
  /** Writes that were begun so far. */
  writes(): number;
  /** Writes begun from now on wait for the function that it returns. */
  hold(): () => void;
  /** The next write puts so many bytes on the disk and fails then. */
  failNext(bytesWritten: number): void;
  /** While true, nothing can be cut off. */
  refuseTruncate(isRefused: boolean): void;
}

export function createJournalDisk(): JournalDisk {
  let held: Promise<void> | undefined;
  let failAfter: number | undefined;
  let isTruncateRefused = false;
  let writes = 0;
  const wrap = (file: JournalFile): JournalFile => ({
    ...file,
    async write(bytes, at) {
      writes += 1;
      const end = failAfter;
      failAfter = undefined;
      await held;
      await file.write(end === undefined ? bytes : bytes.subarray(0, end), at);
      if (end !== undefined) throw Object.assign(new Error("EIO: i/o error, write"), { code: "EIO" });
    },
    async truncate(length) {
      if (isTruncateRefused) throw Object.assign(new Error("EIO: i/o error, ftruncate"), { code: "EIO" });
      await file.truncate(length);
    },
  });
  return {
    openFile: async (path) => wrap(await openJournalFile(path)),
    writes: () => writes,
    hold() {
      let release = (): void => {};
      held = new Promise((resolve) => {
        release = () => {
          held = undefined;
          resolve();
        };
      });
      return release;
    },
    failNext(bytesWritten) {
      failAfter = bytesWritten;
    },
    refuseTruncate(isRefused) {
      isTruncateRefused = isRefused;
    },
  };
}

/** What the next opener would find if this store's process died now; nothing of it may be committing to the tables. */
export async function copyCrashed(folder: string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "parley-crashed-"));
  for (const name of ["data.mdb", "journal-0", "journal-1"]) await copyFile(join(folder, name), join(copy, name));
  return copy;
}
