import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { eventsOf, type Frame } from "../journal/frames.ts";
import { Journal } from "../journal/journal.ts";
import { type JournalFile, type OpenJournalFile, syncFolder } from "../journal/journal-file.ts";
import { readJournal } from "../journal/recover.ts";
import { claimFolder } from "./folder-claim.ts";
import { moveHead, putJournaled } from "./log-write.ts";
import { openTables, type Tables } from "./tables.ts";

/** A store's folder: `data.mdb` and `lock.mdb` of LMDB, `journal-0` and `journal-1`, and the claim of who has it open. */
export interface OpenFolder {
  readonly tables: Tables;
  readonly journal: Journal;
  close(): Promise<void>;
}

/**
 * Claims the folder, opens it, and plays into the tables what the journal holds and they don't; the journal is empty then.
 * **Repeat**: a crash at any moment of it leaves what the next opening can begin from.
 * **Errors**: StoreError `unavailable` where another process has it or the journal is damaged; else what the system said.
 */
export async function openFolder(
  path: string,
  openFile: OpenJournalFile,
  onTouch: ((entries: number) => void) | undefined,
): Promise<OpenFolder> {
  const opened: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  try {
    await mkdir(path, { recursive: true });
    opened.push(await claimFolder(path));
    const tables = await openTables(path, onTouch);
    opened.push(() => tables.close());
    const openKept = async (name: string): Promise<JournalFile> => {
      const file = await openFile(join(path, name));
      opened.push(() => file.close());
      return file;
    };
    const files = [await openKept("journal-0"), await openKept("journal-1")] as const;
    const drained = tables.journal.get("drained") ?? 0;
    const frames = await readJournal(files, drained);
    if (frames.length > 0) await replay(tables, frames);
    // Only after that: the tables have everything now.
    const journal = new Journal(files, frames.at(-1)?.number ?? drained);
    await journal.empty();
    // Before anything is acked from them.
    await syncFolder(path);
    return { tables, journal, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function replay(tables: Tables, frames: readonly Frame[]): Promise<void> {
  await tables.commit(() => {
    const channels = new Set<string>();
    for (const frame of frames) {
      for (const { event, value } of eventsOf(frame)) {
        putJournaled(tables, event, value);
        channels.add(event.channel);
      }
    }
    for (const channel of channels) moveHead(tables, channel);
    // Last: lmdb commits what an action did before it threw.
    tables.journal.putSync("drained", frames.at(-1)?.number ?? 0);
  });
}
