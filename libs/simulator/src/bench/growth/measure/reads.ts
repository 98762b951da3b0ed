import { setTimeout as pause } from "node:timers/promises";
import { isFields } from "../../../history/content.ts";
import { createRandom } from "../../../random.ts";
import { forEachLimited } from "../../../run/limited.ts";
import { openWire } from "../../../run/wire.ts";
import { spreadOf } from "../../clients/figures.ts";
import { openRawClient, type RawClient } from "../../clients/raw-client.ts";
import type { MeasuredSystem } from "../../side-by-side/systems.ts";
import type { Setup } from "../axes.ts";
import { type Rates, ratesBetween, readCounters, sumOf } from "./counters.ts";
import type { Point } from "./point.ts";

const fillingInFlight = 64;
const pages = 600;
const pagesPerS = 60;
const pageEvents = 50;
const resumes = 300;
const resumesPerS = 30;
const idleS = 5;
const seed = 3;
/** The first of each kind warm the code. */
const warmingShare = 0.2;

/**
 * Fills the one room that is measured up to its length, then reads pages from anywhere in it and resumes sessions that
 * missed its last events, each at an even pace. The figures of pages and resumes, idling left out.
 */
export async function measureReads(
  system: MeasuredSystem,
  { historyEvents }: Setup,
  calmS: number,
): Promise<Point["figures"]> {
  const token = system.tokenOf("u0");
  const url = system.urls[0] ?? "";
  const channel = await findChannel(url, token);
  const client = await openRawClient({ url, user: "u0", token, device: "reader" });
  try {
    const head = await fill(client, channel, historyEvents);
    await pause(calmS * 1_000);
    const idle = await over(system, () => pause(idleS * 1_000));
    const random = createRandom(seed);
    const readPage = async (index: number): Promise<void> => {
      const after = random.integer(0, Math.max(0, head - pageEvents));
      const frame = { type: "history", id: `page-${index}`, channel, after, limit: pageEvents };
      const { events } = await client.request(frame);
      if (!Array.isArray(events) || events.length === 0) throw new Error("an empty page of history");
    };
    const resume = async (index: number): Promise<void> => {
      const cursors = { [channel]: Math.max(0, head - pageEvents) };
      const wire = await openWire({ url, token, device: `resumer-${index % 8}`, cursors });
      await wire.find((frame) => frame["type"] === "event" && frame["channel"] === channel && frame["seq"] === head);
      await wire.close();
    };
    const page = await paced(system, idle, pages, pagesPerS, readPage);
    const back = await paced(system, idle, resumes, resumesPerS, resume);
    return {
      pageCpu: page.cpuMs,
      pageP50: page.p50,
      pageStore: page.storeCalls,
      resumeCpu: back.cpuMs,
      resumeP50: back.p50,
      resumeStore: back.storeCalls,
    };
  } finally {
    await client.close();
  }
}

/** The one with the fewest events: the warm-up wrote thousands to the other. */
async function findChannel(url: string, token: string): Promise<string> {
  const wire = await openWire({ url, token, device: "finder" });
  await wire.close();
  const { channels } = wire.welcome;
  const listed = Array.isArray(channels) ? channels.filter(isFields) : [];
  const [first] = listed.toSorted((a, b) => Number(a["head"]) - Number(b["head"]));
  if (first === undefined) throw new Error("nobody is in any channel");
  return String(first["channel"]);
}

/** The number of the last event. */
async function fill(client: RawClient, channel: string, events: number): Promise<number> {
  const text = "a message of some sixty characters, as people write them";
  const first = await client.sendUntilAcked({ type: "send", id: "fill-0", channel, text });
  const missing = Array.from({ length: Math.max(0, events - first.seq) }, (_, index) => index + 1);
  let head = first.seq;
  await forEachLimited(missing, fillingInFlight, async (index) => {
    const { seq } = await client.sendUntilAcked({ type: "send", id: `fill-${index}`, channel, text });
    head = Math.max(head, seq);
  });
  return head;
}

async function over(system: MeasuredSystem, work: () => Promise<unknown>): Promise<Rates & { readonly s: number }> {
  const from = await readCounters(system);
  await work();
  const to = await readCounters(system);
  return { ...ratesBetween(from, to), s: (to.at - from.at) / 1_000 };
}

/** So many a second, come what may; cost and latency of one. **Errors**: rejects where one fails. */
async function paced(
  system: MeasuredSystem,
  idle: Rates,
  count: number,
  perS: number,
  work: (index: number) => Promise<void>,
): Promise<{ readonly cpuMs: number; readonly p50: number; readonly storeCalls: number }> {
  const ms: number[] = [];
  const run = async (from: number, to: number): Promise<void> => {
    const beganAt = performance.now();
    const started: Promise<void>[] = [];
    for (let index = from; index < to; index++) {
      await pause(Math.max(0, beganAt + ((index - from) * 1_000) / perS - performance.now()));
      const at = performance.now();
      started.push(work(index).then(() => void ms.push(performance.now() - at)));
    }
    await Promise.all(started);
  };
  const warming = Math.round(count * warmingShare);
  await run(0, warming);
  ms.length = 0;
  const rates = await over(system, () => run(warming, count));
  const each = (perSecond: number): number => (perSecond * rates.s) / (count - warming);
  return {
    cpuMs: each(sumOf(rates.cpuMs) - sumOf(idle.cpuMs)),
    p50: spreadOf(ms).p50,
    storeCalls: each(rates.storeCalls - idle.storeCalls),
  };
}
