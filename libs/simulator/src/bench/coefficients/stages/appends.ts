import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMongo } from "@parley/servers";
import { type MessageStore, openLmdbStore, openMongoStore } from "@parley/store";
import type { Finding } from "../names.ts";
import { findingOf, show } from "../reckon/finding.ts";
import type { Stage } from "./stage.ts";

/** Under way at once, each in a channel of its own: what groups of many channels a store can make, it makes. */
const channels = 64;
const warmRuns = 5;

export const appendsStage: Stage = {
  name: "appends",
  title: "how many appends a store takes by itself",
  gives: ["mongoAppendMs", "lmdbAppendMs"],
  async measure({ seconds, repeats, say }) {
    const dir = await mkdtemp(join(tmpdir(), "parley-coefficients-"));
    try {
      say(`appends of one event, ${channels} channels at once`);
      const lmdb = await openLmdbStore({ path: join(dir, "lmdb") });
      const lmdbAppendMs = await measureAppends(lmdb, "LMDB", seconds / 2, repeats);
      await lmdb.close();
      const server = await startMongo({ dir: join(dir, "mongo"), onProgress: say });
      try {
        const mongo = await openMongoStore({ url: server.url, database: `bench-${process.pid}` });
        const mongoAppendMs = await measureAppends(mongo, server.kind, seconds / 2, repeats);
        await mongo.close();
        return { lmdbAppendMs, mongoAppendMs };
      } finally {
        await server.close();
      }
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
};

async function measureAppends(store: MessageStore, name: string, seconds: number, repeats: number): Promise<Finding> {
  const next = new Array<number>(channels).fill(1);
  const run = async (until: () => boolean): Promise<number> => {
    let count = 0;
    const beganAt = performance.now();
    const work = next.map(async (_, index) => {
      while (!until()) {
        await append(store, `channel-${index}`, next[index] ?? 1);
        next[index] = (next[index] ?? 1) + 1;
        count += 1;
      }
    });
    await Promise.all(work);
    return (performance.now() - beganAt) / count;
  };
  let warming = channels * warmRuns;
  await run(() => warming-- <= 0);
  const values: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const end = performance.now() + seconds * 1_000;
    values.push(await run(() => performance.now() >= end));
  }
  const how = `${name} by itself: durable appends of one event, ${channels} channels at once; the time that one takes of the whole`;
  return findingOf(values, how, values.map((ms) => `${show(1_000 / ms)} appends/s`).join("; "));
}

async function append(store: MessageStore, channel: string, seq: number): Promise<void> {
  const event = { channel, seq, sender: "ada", id: `id-${seq}`, time: Date.now(), ordinal: seq, control: 0 };
  const text = "a message of some sixty characters, as people write them";
  await store.append(channel, [{ ...event, hash: `hash-${seq}`, body: { kind: "message", text } }]);
}
