import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
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

test("a process that is killed in the middle of its commits does not stop another one on the same files", {
  timeout: 60_000,
}, async () => {
  const path = await mkdtemp(join(tmpdir(), "parley-survivor-"));
  const store = await openLmdbStore({ path });
  let head = 0;
  for (let round = 0; round < rounds; round += 1) {
    const child = spawn(process.execPath, [script, JSON.stringify({ kind: "lmdb", path })], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(createInterface({ input: child.stdout }), "line");
    const gone = once(child, "exit");
    // Both write now; then one dies, perhaps while it holds the write lock.
    const until = head + 40;
    for (; head < until; head += 1) {
      if (head === until - 20) child.kill("SIGKILL");
      expect(await store.append("mine", messages("mine", head + 1, head + 1))).toEqual({ kind: "appended" });
    }
    await gone;
    expect(await store.append("mine", messages("mine", head + 1, head + 1))).toEqual({ kind: "appended" });
    head += 1;
  }
  expect(await store.head("mine")).toBe(head);
  await store.close();
  await rm(path, { recursive: true });
});

test("close waits for what is under way, and leaves another store of the same files alone", async () => {
  const path = await mkdtemp(join(tmpdir(), "parley-close-"));
  const [one, two] = await Promise.all([openLmdbStore({ path }), openLmdbStore({ path })]);
  const appending = one.append("c", messages("c", 1, 3));
  await one.close();
  expect(await appending).toEqual({ kind: "appended" });
  expect(await two.append("c", messages("c", 4, 5))).toEqual({ kind: "appended" });
  expect(await two.head("c")).toBe(5);
  await two.close();
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
