import { pbkdf2 } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { openBlockingJournalFile, openJournalFile } from "./journal-file.ts";

test.each([
  ["a thread", openJournalFile],
  ["the call itself", openBlockingJournalFile],
])("what %s writes is in its place when the write resolves", async (_who, openFile) => {
  const folder = await mkdtemp(join(tmpdir(), "parley-journal-"));
  const file = await openFile(join(folder, "journal-0"));
  onTestFinished(async () => {
    await file.close();
    await rm(folder, { recursive: true });
  });
  await file.write(Buffer.from("first"), 0);
  await file.write(Buffer.from("second"), 5);
  await file.write(Buffer.from("F"), 0);
  expect((await file.read()).toString()).toBe("Firstsecond");
  await file.truncate(5);
  expect((await file.read()).toString()).toBe("First");
});

test.runIf(process.platform === "linux")(
  "while the disk is quick a store alone has written when the call returns",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "parley-journal-"));
    const path = join(folder, "journal-0");
    const file = await openBlockingJournalFile(path);
    onTestFinished(async () => {
      await file.close();
      await rm(folder, { recursive: true });
    });
    // Every thread is at work for a while: one that had to write would come too late.
    const work = promisify(pbkdf2);
    const busy = Array.from({ length: 16 }, () => work("password", "salt", 100_000, 64, "sha512"));
    const writing = file.write(Buffer.from("there"), 0);
    expect(readFileSync(path, "utf8")).toBe("there");
    await Promise.all([writing, ...busy]);
  },
);
