import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";

/** One file of the journal. An argument, so that tests can let it fail. */
export interface JournalFile {
  readonly path: string;
  read(): Promise<Buffer>;
  /** Resolves when all of it is on the disk. After an error any part of it may be there. */
  write(bytes: Buffer, at: number): Promise<void>;
  /** Resolves when what lies at `length` and behind is gone from the disk. */
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

export type OpenJournalFile = (path: string) => Promise<JournalFile>;

// Elsewhere the flag is missing, or leaves the bytes in the disk's cache: there a flush follows each write.
const durableFlag = process.platform === "linux" ? constants.O_DSYNC : 0;

/**
 * Opens the file, or makes it. A write is one system call that returns when the bytes are on the disk (O_DSYNC): half of
 * the threads' work of a write and a flush. **Source**: open(2), O_DSYNC.
 */
export const openJournalFile: OpenJournalFile = async (path) => {
  const handle = await open(path, constants.O_RDWR | constants.O_CREAT | durableFlag, 0o600);
  return {
    path,
    async read() {
      const { size } = await handle.stat();
      const bytes = Buffer.alloc(size);
      for (let at = 0; at < size; ) {
        const { bytesRead } = await handle.read(bytes, at, size - at, at);
        if (bytesRead === 0) return bytes.subarray(0, at);
        at += bytesRead;
      }
      return bytes;
    },
    async write(bytes, at) {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done);
        done += bytesWritten;
      }
      if (durableFlag === 0) await handle.datasync();
    },
    async truncate(length) {
      await handle.truncate(length);
      await handle.sync();
    },
    close: () => handle.close(),
  };
};

/** The entries of the folder, and its own, survive a power cut from here on. **Source**: fsync(2). */
export async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders.
  if (process.platform === "win32") return;
  for (const path of [folder, dirname(folder)]) {
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, "r");
      await handle.sync();
    } finally {
      await handle?.close();
    }
  }
}
