import type { Reference, ReferenceMix } from "./reference.ts";
import { threadCpuUs } from "./thread-use.ts";

/** Something that is measured: a number of the same rounds. */
export interface Work {
  readonly name: string;
  /** Messages of one round: what the figures are divided by. */
  readonly messages: number;
  readonly roundsASlice: number;
  readonly mix: ReferenceMix;
  round(): Promise<unknown>;
  /** Counts so far, by name. */
  counts(): Promise<Counts>;
}

export type Counts = Readonly<Record<string, number>>;

/** What came of one work, all of it a message. */
export interface Measured {
  readonly name: string;
  /** CPU in pieces of the reference work. */
  readonly cpu: number;
  readonly allocatedBytes: number;
  readonly counts: Counts;
  /** For a reader, never for a verdict: they hold on this machine and in this moment only. */
  readonly cpuUs: number;
  readonly referenceUs: number;
}

export interface SliceOptions {
  readonly slices: number;
  /** Rounds before the first slice, until the code is compiled for good. */
  readonly warmRounds: number;
}

/**
 * Slices of the work and of the reference take turns, so that a bad moment of the machine meets both; medians over the
 * slices leave out what met one of them only.
 */
export async function measureWork(work: Work, reference: Reference, options: SliceOptions): Promise<Measured> {
  const { slices, warmRounds } = options;
  const messages = work.messages * work.roundsASlice;
  await repeat(warmRounds, () => work.round());
  for (let run = 0; run < warmReferences; run++) await reference.run(work.mix);
  const rows: { readonly cpuUs: number; readonly referenceUs: number; readonly allocatedBytes: number }[] = [];
  const sums: Record<string, number> = {};
  for (let slice = 0; slice < slices; slice++) {
    const before = await use(() => reference.run(work.mix));
    const counted = await work.counts();
    const used = await use(() => repeat(work.roundsASlice, () => work.round()));
    for (const [name, count] of Object.entries(await work.counts())) {
      sums[name] = (sums[name] ?? 0) + count - (counted[name] ?? 0);
    }
    const after = await use(() => reference.run(work.mix));
    rows.push({
      cpuUs: used.cpuUs / messages,
      referenceUs: (before.cpuUs + after.cpuUs) / 2 / work.mix.pieces,
      allocatedBytes: used.allocatedBytes / messages,
    });
  }
  return {
    name: work.name,
    cpu: medianOf(rows.map(({ cpuUs, referenceUs }) => cpuUs / referenceUs)),
    allocatedBytes: medianOf(rows.map(({ allocatedBytes }) => allocatedBytes)),
    counts: Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / messages / slices])),
    cpuUs: medianOf(rows.map(({ cpuUs }) => cpuUs)),
    referenceUs: medianOf(rows.map(({ referenceUs }) => referenceUs)),
  };
}

const warmReferences = 3;

interface Used {
  readonly cpuUs: number;
  readonly allocatedBytes: number;
}

/** Nothing is collected meanwhile: the young generation of this process has room for a slice. */
async function use(run: () => Promise<unknown>): Promise<Used> {
  globalThis.gc?.({ type: "minor", execution: "sync" });
  const heldBytes = heapBytes();
  const from = threadCpuUs();
  await run();
  const cpuUs = threadCpuUs() - from;
  return { cpuUs, allocatedBytes: heapBytes() - heldBytes };
}

/** Of this thread's heap and of the buffers outside of it. */
function heapBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function repeat(times: number, run: () => Promise<unknown>): Promise<void> {
  for (let time = 0; time < times; time++) await run();
}

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low = Number.NaN, high = Number.NaN] = [
    sorted[Math.floor((sorted.length - 1) / 2)],
    sorted[Math.ceil((sorted.length - 1) / 2)],
  ];
  return (low + high) / 2;
}
