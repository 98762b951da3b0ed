import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMongo } from "@parley/servers";
import type { MessageStore } from "../message-store.ts";
import { openLmdbStore } from "../message-store-lmdb.ts";
import { openMongoStore } from "../message-store-mongodb.ts";
import { messages } from "../testing/contract/subject.ts";

/** [events of a run, channels that append at the same time, runs of each] */
const shapes = [
  [1, 1, 300],
  [10, 1, 200],
  [100, 1, 60],
  [1, 16, 100],
  [1, 64, 40],
  [1, 256, 20],
  [10, 64, 20],
] as const;

/** Durable appends: latency of a run and events a second, by the size of runs and the number of channels under way. */
export async function runAppendBench(print = (line: string) => void process.stdout.write(`${line}\n`)): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), "parley-bench-"));
  try {
    const lmdb = await openLmdbStore({ path: join(dir, "lmdb") });
    await measureAll("LMDB", lmdb, print);
    await lmdb.close();
    const server = await startMongo({ dir: join(dir, "mongo"), onProgress: print });
    try {
      const mongo = await openMongoStore({ url: server.url, database: `bench-${process.pid}` });
      await measureAll(server.kind, mongo, print);
      await mongo.close();
    } finally {
      await server.close();
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function measureAll(name: string, store: MessageStore, print: (line: string) => void): Promise<void> {
  for (const [events, channels, runs] of shapes) {
    const took: number[] = [];
    const cpu = process.cpuUsage();
    const begin = performance.now();
    await Promise.all(
      Array.from({ length: channels }, async (_, index) => {
        const channel = `e${events}-c${channels}-${index}`;
        for (let run = 0; run < runs; run += 1) {
          const start = performance.now();
          await store.append(channel, messages(channel, run * events + 1, (run + 1) * events));
          took.push(performance.now() - start);
        }
      }),
    );
    const seconds = (performance.now() - begin) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    took.sort((a, b) => a - b);
    const at = (part: number) => (took[Math.floor(took.length * part)] ?? 0).toFixed(2);
    const rate = Math.round((events * channels * runs) / seconds).toLocaleString("en");
    const cost = ((user + system) / 1_000 / (channels * runs)).toFixed(2);
    print(
      `${name}: runs of ${events} in ${channels} channels: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ${rate} events/s, ${cost} ms CPU of this process a run`,
    );
  }
}

if (import.meta.main) await runAppendBench();
