import { copyFile, mkdtemp, open, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findFrames } from "./journal/frames.ts";
import { moveHead, putJournaled } from "./lmdb/log-write.ts";
import { openTables } from "./lmdb/tables.ts";
import type { MessageStore } from "./message-store.ts";
import { openLmdbStore } from "./message-store-lmdb.ts";
import { message, messages, seqs } from "./testing/contract/subject.ts";
import { copyCrashed, createJournalDisk, type JournalDisk } from "./testing/journal-disk.ts";

const never = 1_000_000;

async function newFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "parley-journal-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A store whose events stay in the journal until another write takes them along. */
async function openHeld(path: string, disk?: JournalDisk): Promise<MessageStore> {
  const store = await openLmdbStore({ path, drainMs: never, ...(disk === undefined ? {} : disk) });
  // Some tests leave a disk that does not work.
  onTestFinished(() => store.close().catch(() => undefined));
  return store;
}

async function crash(path: string): Promise<string> {
  const copy = await copyCrashed(path);
  onTestFinished(() => rm(copy, { recursive: true, force: true }));
  return copy;
}

async function eventsOf(store: MessageStore, channel: string): Promise<readonly unknown[]> {
  return (await store.readAfter(channel, 0, { events: 1_000 })).events.map(({ event }) => event);
}

/** Everything that a read could show of a channel. */
async function allReads(store: MessageStore, channel: string): Promise<readonly unknown[]> {
  return [
    await store.head(channel),
    [...(await store.heads([channel]))],
    await eventsOf(store, channel),
    seqs((await store.readBefore(channel, 1_000, { events: 100 })).events),
    seqs(await store.readAt(channel, [1, 2, 3, 4, 5])),
    await store.findByRequest(channel, "ada", "id-2"),
    await store.findGrown(new Map([[channel, 1]])),
    await store.findAboveHole(channel, 1),
    (await store.readSummaries([channel])).get(channel)?.verified,
  ];
}

test("what was acked and is in the journal alone is there after a crash, and what was in the tables stays", async () => {
  const path = await newFolder();
  const store = await openHeld(path);
  await store.append("c", messages("c", 1, 3));
  await store.markIn(["ada"], "c", 1);
  await store.append("c", messages("c", 4, 5));
  await store.append("d", messages("d", 1, 2));
  const again = await openHeld(await crash(path));
  expect(await eventsOf(again, "c")).toEqual(messages("c", 1, 5));
  expect(await again.head("d")).toBe(2);
  expect(await again.append("c", [message("c", 6, { id: "id-4" })])).toEqual({ kind: "refused", at: 0 });
});

test("a folder from before the journal is opened as it is", async () => {
  const path = await newFolder();
  const tables = await openTables(path, undefined);
  await tables.commit(() => {
    for (const event of messages("c", 1, 3)) putJournaled(tables, event, Buffer.from(JSON.stringify(event)));
    moveHead(tables, "c");
  });
  await tables.close();
  const store = await openHeld(path);
  expect(await eventsOf(store, "c")).toEqual(messages("c", 1, 3));
  expect(await store.append("c", messages("c", 3, 3))).toEqual({ kind: "refused", at: 0 });
  expect(await store.append("c", messages("c", 4, 4))).toEqual({ kind: "appended" });
});

test("a last record that is torn at any byte is dropped, and its slot can be taken", { timeout: 120_000 }, async () => {
  const path = await newFolder();
  const store = await openHeld(path);
  for (let seq = 1; seq <= 3; seq += 1) await store.append("c", [message("c", seq)]);
  const crashed = await crash(path);
  // The first record went to the other file.
  const file = join(crashed, "journal-1");
  const whole = await readFile(file);
  const last = findFrames(whole).at(-1);
  expect([last?.number, last?.end]).toEqual([3, whole.length]);
  const data = join(crashed, "data.mdb");
  const first = join(crashed, "journal-0");
  for (const kept of [data, first]) await copyFile(kept, `${kept}.before`);
  for (let at = last?.at ?? 0; at < whole.length; at += 1) {
    await copyFile(`${data}.before`, data);
    // Cut off, or never written where older bytes were, in turn.
    const tail = at % 2 === 0 ? Buffer.alloc(0) : Buffer.alloc(whole.length - at, at % 4 === 1 ? 0 : 0x7b);
    await writeFile(file, Buffer.concat([whole.subarray(0, at), tail]));
    await copyFile(`${first}.before`, first);
    const again = await openLmdbStore({ path: crashed, drainMs: never });
    expect(await eventsOf(again, "c")).toEqual(messages("c", 1, 2));
    expect(await again.append("c", [message("c", 3, { id: "other" })])).toEqual({ kind: "appended" });
    await again.close();
  }
});

test("a bad record with good ones after it is damage: the store does not open, and names file and offset", async () => {
  const path = await newFolder();
  const store = await openHeld(path);
  for (let seq = 1; seq <= 4; seq += 1) await store.append("c", [message("c", seq)]);
  for (const [name, damagedRecord] of [
    ["journal-0", 0],
    ["journal-1", 0],
    ["journal-1", 1],
  ] as const) {
    const crashed = await crash(path);
    const file = join(crashed, name);
    const { at = -1 } = findFrames(await readFile(file))[damagedRecord] ?? {};
    const handle = await open(file, "r+");
    await handle.write(Buffer.from([0x7f]), 0, 1, at + 40);
    await handle.close();
    const opening = openLmdbStore({ path: crashed });
    await expect(opening).rejects.toMatchObject({ name: "StoreError", code: "unavailable" });
    await expect(opening).rejects.toThrow(`${file} is damaged at offset ${at}:`);
    // And it does not keep the claim.
    for (const left of ["journal-0", "journal-1"]) await truncate(join(crashed, left), 0);
    expect(await (await openHeld(crashed)).head("c")).toBe(0);
  }
});

test("playing the journal again changes nothing and brings no erased text back", async () => {
  const path = await newFolder();
  const store = await openHeld(path);
  await store.append("c", messages("c", 1, 3));
  const before = await crash(path);
  await store.applyEffects("c", [{ kind: "delete", seq: 3, target: 2 }], 3);
  const erased = await eventsOf(store, "c");
  expect(erased[1]).toMatchObject({ body: { kind: "message", erased: true } });
  // A crash after the commit and before the journal was written over: its record is known to be in.
  const after = await crash(path);
  await copyFile(join(before, "journal-0"), join(after, "journal-0"));
  // And even if that were not known.
  const forgetful = await crash(after);
  const tables = await openTables(forgetful, undefined);
  await tables.commit(() => tables.journal.removeSync("drained"));
  await tables.close();
  for (const folder of [after, forgetful]) {
    const again = await openHeld(folder);
    expect(await eventsOf(again, "c")).toEqual(erased);
    expect(await again.append("c", messages("c", 4, 4))).toEqual({ kind: "appended" });
  }
});

test("records keep their numbers over many openings and both files, so that old ones are never taken for new", async () => {
  const path = await newFolder();
  let folder = path;
  for (let round = 0; round < 6; round += 1) {
    const store = await openHeld(folder);
    expect(await store.head("c")).toBe(round * 6);
    for (let seq = round * 6 + 1; seq <= round * 6 + 6; seq += 1) {
      await store.append("c", [message("c", seq)]);
      // The next record goes to the other file, or to the beginning of this one. The last ones are in the journal alone.
      if (seq % 6 !== 0 && seq % (round + 2) === 0) await store.markIn(["ada"], "c", seq);
    }
    folder = await crash(folder);
  }
  expect(await eventsOf(await openHeld(folder), "c")).toEqual(messages("c", 1, 36));
});

test("a failed write is unknown and never comes back over an acked one that took its slot", async () => {
  const path = await newFolder();
  const disk = createJournalDisk();
  const store = await openHeld(path, disk);
  await store.append("c", messages("c", 1, 2));
  // From nothing to all of it on the disk.
  for (let bytes = 0; bytes < 240; bytes += 17) {
    const seq = (await store.head("c")) + 1;
    disk.failNext(bytes);
    await expect(store.append("c", [message("c", seq, { id: `lost-${bytes}` })])).rejects.toMatchObject({
      name: "StoreError",
      code: "unknown",
    });
    expect(await store.head("c")).toBe(seq - 1);
    expect(await store.append("c", [message("c", seq)])).toEqual({ kind: "appended" });
    const again = await openHeld(await crash(path));
    expect(await eventsOf(again, "c")).toEqual(messages("c", 1, seq));
  }
});

test("while the rest of a failed write can't be cut off nothing is journaled, and reads and other writes go on", async () => {
  const path = await newFolder();
  const disk = createJournalDisk();
  const store = await openHeld(path, disk);
  await store.append("c", messages("c", 1, 2));
  disk.failNext(1_000);
  disk.refuseTruncate(true);
  await expect(store.append("c", [message("c", 3, { id: "lost" })])).rejects.toMatchObject({ code: "unknown" });
  const writes = disk.writes();
  await expect(store.append("c", messages("c", 3, 3))).rejects.toMatchObject({ code: "unavailable" });
  expect(disk.writes()).toBe(writes);
  await store.markIn(["ada"], "c", 1);
  expect(await store.head("c")).toBe(2);
  // Died like that, the record may come back whole: it was unknown.
  const died = await openHeld(await crash(path));
  expect(await eventsOf(died, "c")).toEqual([...messages("c", 1, 2), message("c", 3, { id: "lost" })]);
  disk.refuseTruncate(false);
  expect(await store.append("c", messages("c", 3, 3))).toEqual({ kind: "appended" });
  const again = await openHeld(await crash(path));
  expect(await eventsOf(again, "c")).toEqual(messages("c", 1, 3));
});

test("no read shows what is being journaled, nor does a commit of the tables take it along", async () => {
  const path = await newFolder();
  const disk = createJournalDisk();
  const store = await openHeld(path, disk);
  await store.append("c", messages("c", 1, 1));
  const before = await allReads(store, "c");
  const release = disk.hold();
  const appending = store.append("c", messages("c", 2, 3));
  await expect.poll(() => disk.writes()).toBe(2);
  expect(await allReads(store, "c")).toEqual(before);
  await store.markIn(["ada"], "c", 2);
  expect(await allReads(store, "c")).toEqual(before);
  expect(await (await openHeld(await crash(path))).head("c")).toBe(1);
  release();
  expect(await appending).toEqual({ kind: "appended" });
  expect(await eventsOf(store, "c")).toEqual(messages("c", 1, 3));
  expect((await allReads(store, "c")).slice(3, 7)).toEqual([[1, 2, 3], [1, 2, 3], { event: message("c", 2) }, ["c"]]);
});

test("what comes while a write is under way shares the next one", async () => {
  const disk = createJournalDisk();
  const store = await openHeld(await newFolder(), disk);
  const release = disk.hold();
  const first = store.append("a", messages("a", 1, 1));
  await expect.poll(() => disk.writes()).toBe(1);
  const others = Array.from({ length: 50 }, (_, index) => store.append(`c${index}`, messages(`c${index}`, 1, 2)));
  release();
  await Promise.all([first, ...others]);
  expect(disk.writes()).toBe(2);
});

for (const [what, rival] of [
  ["slot", message("c", 2, { id: "rival" })],
  ["request", message("c", 3, { id: "id-2" })],
] as const) {
  test(`a refusal for a ${what} that is being journaled waits until it is durable`, async () => {
    const disk = createJournalDisk();
    const store = await openHeld(await newFolder(), disk);
    await store.append("c", messages("c", 1, 1));
    const release = disk.hold();
    const first = store.append("c", messages("c", 2, 2));
    await expect.poll(() => disk.writes()).toBe(2);
    let isSettled = false;
    const second = store.append("c", [rival]).finally(() => {
      isSettled = true;
    });
    // A durable one refuses at once meanwhile.
    expect(await store.append("c", [message("c", 1, { id: "x" })])).toEqual({ kind: "refused", at: 0 });
    await store.markIn(["ada"], "c", 1);
    expect(isSettled).toBe(false);
    release();
    expect(await first).toEqual({ kind: "appended" });
    expect(await second).toEqual({ kind: "refused", at: 0 });
  });

  test(`where the write of that ${what} fails, the other one is judged again`, async () => {
    const disk = createJournalDisk();
    const store = await openHeld(await newFolder(), disk);
    await store.append("c", messages("c", 1, 1));
    const release = disk.hold();
    disk.failNext(10);
    const first = store.append("c", messages("c", 2, 2));
    await expect.poll(() => disk.writes()).toBe(2);
    const second = store.append("c", [rival]);
    release();
    await expect(first).rejects.toMatchObject({ code: "unknown" });
    expect(await second).toEqual({ kind: "appended" });
    expect(await store.readAt("c", [rival.seq])).toEqual([{ event: rival }]);
  });
}

test("a journal that could not be emptied by closing is played at the next opening", async () => {
  const path = await newFolder();
  const disk = createJournalDisk();
  const store = await openHeld(path, disk);
  await store.append("c", messages("c", 1, 2));
  disk.refuseTruncate(true);
  await expect(store.close()).rejects.toThrow();
  expect((await stat(join(path, "journal-0"))).size).toBeGreaterThan(0);
  const again = await openHeld(path);
  expect(await eventsOf(again, "c")).toEqual(messages("c", 1, 2));
});
