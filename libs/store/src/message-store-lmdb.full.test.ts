import { execFileSync } from "node:child_process";
import { mkdtemp, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openLmdbStore } from "./message-store-lmdb.ts";
import { messages } from "./testing/contract/subject.ts";

/** A file system of 2 MB; only root may mount one. */
async function mountSmall(): Promise<string | undefined> {
  const path = await mkdtemp(join(tmpdir(), "parley-small-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", path], { stdio: "ignore" });
    return path;
  } catch {
    await rmdir(path);
    return undefined;
  }
}

test("on a full disk appends fail, reading goes on, and with room again they work without a restart", async ({
  skip,
}) => {
  const path = await mountSmall();
  if (path === undefined) return skip("mounting a small disk takes root on Linux");
  try {
    const store = await openLmdbStore({ path: join(path, "log") });
    let head = 0;
    const append = async () => {
      await store.append("c", messages("c", head + 1, head + 50));
      head += 50;
    };
    const fill = async () => {
      while (head < 1_000_000) await append();
    };
    // Whichever meets the end first: the journal (unknown) or the tables, for which appends wait then (unavailable).
    await expect(fill()).rejects.toMatchObject({ name: "StoreError", code: expect.stringMatching(/^un/) });
    await expect(append()).rejects.toMatchObject({ code: expect.stringMatching(/^un/) });
    await expect(store.markIn(["ada"], "c", 1)).rejects.toMatchObject({ code: "unknown" });
    expect(await store.head("c")).toBe(head);
    expect((await store.readBefore("c", head + 1, { events: 3 })).events).toHaveLength(3);
    execFileSync("mount", ["-o", "remount,size=64m", path]);
    await append();
    await store.close();
    const again = await openLmdbStore({ path: join(path, "log") });
    expect(await again.head("c")).toBe(head);
    await again.close();
  } finally {
    execFileSync("umount", [path]);
    await rmdir(path);
  }
});
