import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openJournalFile } from "../journal/journal-file.ts";
import { openLmdbStore } from "../message-store-lmdb.ts";
import { messages } from "../testing/contract/subject.ts";
import { Appends } from "./appends.ts";
import { applyEffect } from "./effects.ts";
import { readEvent } from "./log.ts";
import { openFolder } from "./open-folder.ts";
import { type Drained, Overlay } from "./overlay.ts";

const bounds = { eventsMax: 1_000, bytesMax: 1_000_000 };

async function openOverlay() {
  const path = await mkdtemp(join(tmpdir(), "parley-overlay-"));
  const { tables, journal, close } = await openFolder(path, openJournalFile, undefined);
  onTestFinished(async () => {
    await close();
    await rm(path, { recursive: true });
  });
  const overlay = new Overlay(tables, bounds);
  const appends = new Appends({ tables, overlay, journal, bounds, onDurable: () => {}, onFull: () => {} });
  return {
    path,
    tables,
    overlay,
    journal,
    append: (channel: string, from: number, to: number) => appends.append(channel, messages(channel, from, to)),
    async drain(eventsMin: number, needed: readonly string[] = []): Promise<Drained> {
      const drained = await tables.commit(() => overlay.drainInto(tables, eventsMin, new Set(needed)));
      tables.refresh();
      return drained;
    },
  };
}

test("whole channels go to the tables, those that have waited longest first, and what is needed in any case", async () => {
  const { append, drain, overlay, tables } = await openOverlay();
  // Frames 1 to 5.
  await append("a", 1, 2);
  await append("b", 1, 1);
  await append("a", 3, 3);
  await append("c", 1, 4);
  await append("d", 1, 1);
  const first = await drain(3, ["d"]);
  expect(first).toEqual({
    channels: [
      { channel: "a", events: 3 },
      { channel: "d", events: 1 },
    ],
    // The second frame holds what is not in the tables yet.
    number: 1,
  });
  expect(["a", "b", "c", "d"].map((channel) => tables.heads.get(channel) ?? 0)).toEqual([3, 0, 0, 1]);
  overlay.forget(first);
  expect(overlay.durableEvents).toBe(5);
  expect(overlay.head("a")).toBeUndefined();
  expect(overlay.head("c")).toBe(4);
  expect((await drain(1)).number).toBe(3);
});

test("what comes while a channel is drained stays, and holds the number of the journal back", async () => {
  const { append, drain, overlay } = await openOverlay();
  await append("a", 1, 2);
  await append("b", 1, 1);
  const drained = await drain(2);
  expect(drained.number).toBe(1);
  await append("a", 3, 3);
  overlay.forget(drained);
  expect([overlay.durableEvents, overlay.head("a")]).toEqual([2, 3]);
  // Of "a", which waits behind "b" now, frame 3 is missing.
  expect(await drain(1)).toEqual({ channels: [{ channel: "b", events: 1 }], number: 2 });
});

test("a commit that failed leaves everything as it was", async () => {
  const { append, drain, overlay } = await openOverlay();
  await append("a", 1, 2);
  await drain(10);
  const again = await drain(10);
  expect(again).toEqual({ channels: [{ channel: "a", events: 2 }], number: 1 });
  overlay.forget(again);
  expect(overlay.durableEvents).toBe(0);
});

test("what was erased in the commit that drained it is not read as it was, before the overlay has forgotten it", async () => {
  const { append, drain, overlay, tables } = await openOverlay();
  await append("a", 1, 1);
  await drain(1);
  await tables.commit(() => applyEffect(tables, "a", { kind: "delete", seq: 2, target: 1 }));
  tables.refresh();
  expect(overlay.findDurable("a", 1)?.body).toHaveProperty("text");
  const read = readEvent({ tables, overlay }, "a", 1);
  expect(read?.event.body).toMatchObject({ kind: "message", erased: true });
  expect(read?.event.body).not.toHaveProperty("text");
});

test("a crash after a part was drained loses nothing, and nothing comes twice", async () => {
  const { path, append, drain, overlay, journal } = await openOverlay();
  for (let turn = 0; turn < 4; turn += 1) {
    for (const channel of ["a", "b", "c"]) await append(channel, turn * 2 + 1, turn * 2 + 2);
    const drained = await drain(3);
    overlay.forget(drained);
    journal.drainedTo(drained.number);
  }
  const crashed = `${path}-crashed`;
  await cp(path, crashed, { recursive: true, filter: (file) => !file.endsWith(".sock") });
  onTestFinished(() => rm(crashed, { recursive: true }));
  const store = await openLmdbStore({ path: crashed });
  for (const channel of ["a", "b", "c"]) {
    const { events } = await store.readAfter(channel, 0, { events: 100 });
    expect(events.map(({ event }) => event)).toEqual(messages(channel, 1, 8));
    expect(await store.head(channel)).toBe(8);
    expect(await store.append(channel, messages(channel, 9, 9))).toEqual({ kind: "appended" });
  }
  await store.close();
});
