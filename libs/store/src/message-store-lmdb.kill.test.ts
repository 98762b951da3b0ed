import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { openLmdbStore } from "./message-store-lmdb.ts";
import { load, message, messages, seqs } from "./testing/contract/subject.ts";

const rounds = 5;
const linesBeforeKill = 150;
const script = join(import.meta.dirname, "testing", "processes", "append.ts");

test("kill -9 of a process that writes loses nothing that was reported as appended", { timeout: 60_000 }, async () => {
  const path = await mkdtemp(join(tmpdir(), "parley-kill-"));
  const acked = new Map<string, number>();
  for (let round = 0; round < rounds; round += 1) {
    const child = spawn(process.execPath, [script, JSON.stringify({ kind: "lmdb", path })], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let lines = 0;
    const read = createInterface({ input: child.stdout });
    read.on("line", (line) => {
      const [channel = "", seq = ""] = line.split(" ");
      acked.set(channel, Number(seq));
      lines += 1;
      // A different moment of a commit in each round.
      if (lines === linesBeforeKill + round) child.kill("SIGKILL");
    });
    await Promise.all([once(child, "exit"), once(read, "close")]);
    expect(lines).toBeGreaterThanOrEqual(linesBeforeKill);

    const store = await openLmdbStore({ path });
    for (const [channel, seq] of acked) {
      const head = await store.head(channel);
      expect(head).toBeGreaterThanOrEqual(seq);
      expect(await store.findAboveHole(channel, head)).toBeUndefined();
      for (let after = 0; after < head; after += 1_000) {
        const { events } = await store.readAfter(channel, after, { events: 1_000 });
        const count = Math.min(1_000, head - after);
        expect(seqs(events)).toEqual(Array.from({ length: count }, (_, index) => after + 1 + index));
      }
      expect((await store.findByRequest(channel, "ada", `id-${seq}`))?.event).toEqual(message(channel, seq));
    }
    await store.close();
  }
  await rm(path, { recursive: true });
});

test("a killed process leaves a claim behind that stops nobody, and one that lives is respected", {
  timeout: 60_000,
}, async () => {
  const path = await mkdtemp(join(tmpdir(), "parley-claim-"));
  const child = spawn(process.execPath, [script, JSON.stringify({ kind: "lmdb", path })], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(createInterface({ input: child.stdout }), "line");
  await expect(openLmdbStore({ path })).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining(path),
  });
  // Stopped is not dead: it would go on with what it knows.
  child.kill("SIGSTOP");
  await expect(openLmdbStore({ path })).rejects.toMatchObject({ code: "unavailable" });
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
  expect((await readdir(path)).filter((name) => name.startsWith("claim-"))).toHaveLength(1);
  const store = await openLmdbStore({ path });
  await expect(openLmdbStore({ path })).rejects.toMatchObject({ code: "unavailable" });
  await store.close();
  expect((await readdir(path)).filter((name) => name.startsWith("claim-"))).toEqual([]);
  await rm(path, { recursive: true });
});

test("of many that open one folder at the same time at most one gets it", async () => {
  const path = await mkdtemp(join(tmpdir(), "parley-claims-"));
  for (let round = 0; round < rounds; round += 1) {
    const openings = await Promise.allSettled(Array.from({ length: 5 }, () => openLmdbStore({ path })));
    const opened = openings.filter((opening) => opening.status === "fulfilled");
    expect(opened.length).toBeLessThanOrEqual(1);
    for (const { value } of opened) await value.close();
    await (await openLmdbStore({ path })).close();
  }
  await rm(path, { recursive: true });
});

test("a folder whose path is longer than a socket's may be is claimed, too", async () => {
  const base = await mkdtemp(join(tmpdir(), "parley-long-"));
  const path = join(base, "x".repeat(120));
  const store = await openLmdbStore({ path });
  await expect(openLmdbStore({ path })).rejects.toMatchObject({ code: "unavailable" });
  await store.close();
  await rm(base, { recursive: true });
});

test("close waits for what is under way, takes it to the tables and leaves the journal empty", async () => {
  const path = await mkdtemp(join(tmpdir(), "parley-close-"));
  const store = await openLmdbStore({ path, drainMs: 1_000_000 });
  const appending = store.append("c", messages("c", 1, 3));
  await store.close();
  expect(await appending).toEqual({ kind: "appended" });
  for (const name of ["journal-0", "journal-1"]) expect((await stat(join(path, name))).size).toBe(0);
  const again = await openLmdbStore({ path });
  expect(await again.append("c", messages("c", 4, 5))).toEqual({ kind: "appended" });
  expect(await again.head("c")).toBe(5);
  await again.close();
  await rm(path, { recursive: true });
});

test("a store that another process has just made and left is opened as it was left", async () => {
  const path = await mkdtemp(join(tmpdir(), "parley-reopen-"));
  const first = await openLmdbStore({ path });
  await load(first, "c", 1_000);
  await first.applyEffects("c", [{ kind: "delete", seq: 1_000, target: 5 }], 1_000);
  await first.markIn(["ada"], "c", 1);
  await first.close();
  const second = await openLmdbStore({ path });
  expect(await second.head("c")).toBe(1_000);
  expect((await second.readAt("c", [5]))[0]?.event.body).toEqual({ kind: "message", erased: true });
  expect((await second.readUser("ada")).channels.size).toBe(1);
  await second.close();
  await rm(path, { recursive: true });
});

test("a folder that can't be opened is named, as unavailable", async () => {
  const opening = openLmdbStore({ path: "/dev/null/store" });
  await expect(opening).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("/dev/null/store"),
  });
});
