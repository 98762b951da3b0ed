import { StoreError } from "../message-store.ts";
import { type Frame, findFrames } from "./frames.ts";
import type { JournalFile } from "./journal-file.ts";

interface Found extends Frame {
  readonly path: string;
}

/**
 * What the journal holds above `drained`, the number of the last frame that the tables have: in order and without a gap.
 * What is not whole at the end was never acked: its write was still under way, and no other began before it was done.
 *
 * **Errors**: {@link StoreError} `unavailable` where a frame is missing and a later one is there: that is damage, and what
 * was acked is gone. Names the file and the offset.
 * **Limits**: damage of the very last frame looks like a write that was cut.
 */
export async function readJournal(files: readonly JournalFile[], drained: number): Promise<readonly Frame[]> {
  const found: Found[] = [];
  for (const file of files) {
    for (const frame of findFrames(await file.read())) {
      if (frame.number > drained) found.push({ ...frame, path: file.path });
    }
  }
  found.sort((a, b) => a.number - b.number);
  let before: Found | undefined;
  for (const frame of found) {
    const missing = (before?.number ?? drained) + 1;
    if (frame.number !== missing) throw damaged(files, missing, before, frame);
    before = frame;
  }
  return found;
}

function damaged(files: readonly JournalFile[], missing: number, before: Found | undefined, after: Found): StoreError {
  // What begins a file follows what ended the other one.
  const path = after.at > 0 ? after.path : (files.find((file) => file.path !== after.path)?.path ?? after.path);
  const offset = before?.path === path ? before.end : 0;
  const why = `the journal ${path} is damaged at offset ${offset}: its record ${missing} is not whole, and ${after.number} after it is`;
  const mend =
    "events that were acked are missing; restore the folder, or move both journal files away to do without them";
  return new StoreError("unavailable", `${why}; ${mend}`);
}
