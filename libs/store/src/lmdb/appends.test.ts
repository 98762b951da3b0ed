import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openJournalFile } from "../journal/journal-file.ts";
import { StoreError } from "../message-store.ts";
import { messages } from "../testing/contract/subject.ts";
import { Appends } from "./appends.ts";
import { openFolder } from "./open-folder.ts";
import { Overlay } from "./overlay.ts";

/** Appends whose overlay holds ten events, and ten more wait; the tables take them in when told. */
async function openSmall(bounds = { eventsMax: 10, bytesMax: 1_000_000 }) {
  const path = await mkdtemp(join(tmpdir(), "parley-bounds-"));
  const { tables, journal, close } = await openFolder(path, openJournalFile, undefined);
  onTestFinished(async () => {
    await close();
    await rm(path, { recursive: true });
  });
  const overlay = new Overlay(tables, bounds);
  let askedForRoom = 0;
  const appends = new Appends({
    tables,
    overlay,
    journal,
    bounds,
    onDurable: () => {},
    onFull: () => {
      askedForRoom += 1;
    },
  });
  const drain = async (): Promise<void> => {
    const drained = await tables.commit(() => overlay.drainInto(tables, Number.POSITIVE_INFINITY));
    tables.refresh();
    overlay.forget(drained);
    journal.drainedTo(drained.number);
    appends.admit();
  };
  const append = (channel: string, from: number, to: number) => appends.append(channel, messages(channel, from, to));
  return { appends, overlay, tables, append, drain, askedForRoom: () => askedForRoom };
}

test("at the bound of the overlay appends wait for the tables, in their order, and go on then", async () => {
  const { append, drain, tables, askedForRoom } = await openSmall();
  await append("c", 1, 9);
  await append("c", 10, 10);
  expect(askedForRoom()).toBe(0);
  let isSettled = false;
  const waiting = [append("c", 11, 15), append("c", 12, 13)];
  void Promise.allSettled(waiting).then(() => {
    isSettled = true;
  });
  expect(askedForRoom()).toBe(2);
  await tables.commit(() => {});
  expect(isSettled).toBe(false);
  await drain();
  expect(await Promise.all(waiting)).toEqual([{ kind: "appended" }, { kind: "refused", at: 0 }]);
  await drain();
  expect(tables.heads.get("c")).toBe(15);
});

test("beyond what may wait appends are unavailable, by events and by bytes", async () => {
  const { append, drain } = await openSmall();
  await append("c", 1, 10);
  const waiting = append("c", 11, 20);
  await expect(append("d", 1, 1)).rejects.toMatchObject({ name: "StoreError", code: "unavailable" });
  await drain();
  expect(await waiting).toEqual({ kind: "appended" });
  const small = await openSmall({ eventsMax: 1_000, bytesMax: 2_000 });
  await small.append("c", 1, 10);
  await expect(small.append("c", 11, 30)).rejects.toMatchObject({ code: "unavailable" });
});

test("when the tables take nothing in, those that wait are told, and nothing of them was done", async () => {
  const { append, appends, drain, overlay } = await openSmall();
  await append("c", 1, 10);
  const waiting = append("c", 11, 11);
  appends.refuseWaiting(new StoreError("unknown", "no room"));
  await expect(waiting).rejects.toMatchObject({ code: "unavailable" });
  await drain();
  expect([overlay.isFull, overlay.durableEvents]).toEqual([false, 0]);
  expect(await append("c", 11, 11)).toEqual({ kind: "appended" });
});
