import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startMongo } from "@parley/servers";
import type { MessageStore } from "../message-store.ts";
import { openLmdbStore } from "../message-store-lmdb.ts";
import { openMongoStore } from "../message-store-mongodb.ts";
import { load } from "../testing/contract/subject.ts";

export interface HistoryBenchOptions {
  /** Length of the long channel; default 500,000. */
  readonly events?: number;
  /** Pages read of each channel; default 400. */
  readonly pages?: number;
  /** Where the lines go; default the standard output. */
  readonly print?: (line: string) => void;
}

export interface HistoryBenchResult {
  readonly store: string;
  /** Median ms of a page of 50, forward and back in turn, at random places. */
  readonly shortMs: number;
  readonly longMs: number;
  readonly ratio: number;
}

const pageEvents = 50;
const shortEvents = 1_000;

/**
 * Pages of history by seq in a channel of 1,000 events and in a long one, on LMDB and on a MongoDB-wire server (loading
 * 500,000 events takes seconds on the first and minutes on the second). Pages of both channels are read in turn, so
 * that a noisy machine disturbs both alike.
 */
export async function runHistoryBench(options: HistoryBenchOptions = {}): Promise<readonly HistoryBenchResult[]> {
  const { events = 500_000, pages = 400 } = options;
  const print = options.print ?? ((line: string) => void process.stdout.write(`${line}\n`));
  const dir = await mkdtemp(join(tmpdir(), "parley-bench-"));
  const results: HistoryBenchResult[] = [];
  try {
    const lmdb = await openLmdbStore({ path: join(dir, "lmdb") });
    results.push(await measure("LMDB", lmdb, events, pages, print));
    await lmdb.close();
    // Without flushes: pages are measured here, and the load is long enough.
    const server = await startMongo({ dir: join(dir, "mongo"), durable: false, onProgress: print });
    try {
      const mongo = await openMongoStore({ url: server.url, database: `bench-${process.pid}` });
      results.push(await measure(server.kind, mongo, events, pages, print));
      await mongo.close();
    } finally {
      await server.close();
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  return results;
}

async function measure(
  name: string,
  store: MessageStore,
  events: number,
  pages: number,
  print: (line: string) => void,
): Promise<HistoryBenchResult> {
  const begin = performance.now();
  await load(store, "short", shortEvents);
  await load(store, "long", events);
  const seconds = (performance.now() - begin) / 1_000;
  print(`${name}: ${events.toLocaleString("en")} events loaded in ${seconds.toFixed(1)} s`);
  const short: number[] = [];
  const long: number[] = [];
  for (let page = 0; page < pages; page += 1) {
    short.push(await readPage(store, "short", shortEvents, page));
    long.push(await readPage(store, "long", events, page));
  }
  const shortMs = median(short);
  const longMs = median(long);
  const ratio = longMs / shortMs;
  const figures = `${shortMs.toFixed(3)} ms of ${shortEvents.toLocaleString("en")}, ${longMs.toFixed(3)} ms of ${events.toLocaleString("en")}`;
  print(`${name}: a page of ${pageEvents}, median of ${pages}: ${figures}; ratio ${ratio.toFixed(2)}`);
  return { store: name, shortMs, longMs, ratio };
}

async function readPage(store: MessageStore, channel: string, events: number, page: number): Promise<number> {
  const from = pageEvents + Math.floor(Math.random() * (events - 2 * pageEvents));
  const begin = performance.now();
  const limit = { events: pageEvents };
  const { events: found } = await (page % 2 === 0
    ? store.readAfter(channel, from, limit)
    : store.readBefore(channel, from + 1, limit));
  const took = performance.now() - begin;
  if (found.length !== pageEvents) throw new Error(`a page of ${found.length}`);
  return took;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { events: { type: "string" }, pages: { type: "string" } } });
  await runHistoryBench({
    ...(values.events === undefined ? {} : { events: Number(values.events) }),
    ...(values.pages === undefined ? {} : { pages: Number(values.pages) }),
  });
}
