import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLmdbStore } from "@parley/store";
import { summaryOf } from "../statistics/summary.ts";

const warmUps = 50;
const appends = 300;

/** Median of durable appends of one event to LMDB, one after another on a machine that does nothing else, ms. */
export async function measureStoreCommit(): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), "parley-commit-"));
  try {
    const store = await openLmdbStore({ path: join(dir, "lmdb") });
    const tookMs: number[] = [];
    for (let seq = 1; seq <= warmUps + appends; seq++) {
      const event = {
        channel: "bench",
        seq,
        sender: "ada",
        id: `id-${seq}`,
        time: Date.now(),
        ordinal: seq,
        control: 0,
      };
      const beganAt = performance.now();
      await store.append("bench", [{ ...event, hash: `hash-${seq}`, body: { kind: "message", text: "a commit" } }]);
      if (seq > warmUps) tookMs.push(performance.now() - beganAt);
    }
    await store.close();
    return Number((summaryOf(tookMs)?.median ?? 0).toFixed(3));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
