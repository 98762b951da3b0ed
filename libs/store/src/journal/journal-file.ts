import { constants, writeSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { BlockingBudget } from "./blocking-budget.ts";

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
export const openJournalFile: OpenJournalFile = (path) => openFile(path, undefined);

/**
 * As {@link openJournalFile}, for a process that has nothing else to do than to wait for its disk: while that is quick, a
 * write blocks the event loop, and saves the way to a thread and back; what comes meanwhile shares the next write.
 */
export const openBlockingJournalFile: OpenJournalFile = (path) => openFile(path, new BlockingBudget());

async function openFile(path: string, budget: BlockingBudget | undefined): Promise<JournalFile> {
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
      const mayBlock = durableFlag !== 0 && budget?.mayBlock === true;
      const begunAt = performance.now();
      for (let done = 0; done < bytes.length; ) {
        done += mayBlock
          ? writeSync(handle.fd, bytes, done, bytes.length - done, at + done)
          : (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
      }
      if (durableFlag === 0) await handle.datasync();
      budget?.took(performance.now() - begunAt);
    },
    async truncate(length) {
      await handle.truncate(length);
      await handle.sync();
    },
    close: () => handle.close(),
  };
}

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
