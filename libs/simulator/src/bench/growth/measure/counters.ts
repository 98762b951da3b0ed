import { ownBytes, residentBytes } from "../../../target/process-facts.ts";
import type { MeasuredSystem } from "../../side-by-side/systems.ts";
import { threadCpuSeconds } from "./cpu.ts";
import { readRedisCommands } from "./redis-commands.ts";
import { readStoreCalls } from "./store-calls.ts";

/** What only ever grows, at one moment. */
export interface Counters {
  /** ms, of `performance.now()`. */
  readonly at: number;
  readonly cpuS: ReadonlyMap<string, number>;
  readonly commands: ReadonlyMap<string, number>;
  readonly storeCalls: number;
}

/** What is used a second. */
export interface Rates {
  readonly cpuMs: ReadonlyMap<string, number>;
  readonly commands: ReadonlyMap<string, number>;
  readonly storeCalls: number;
}

/** To read them takes some CPU of all servers, a millisecond or two each: before a window and after it, never inside. */
export async function readCounters(system: MeasuredSystem): Promise<Counters> {
  const management = system.processes.flatMap((one) => one.management ?? []);
  const [commands, storeCalls] = await Promise.all([
    system.redis === undefined ? new Map<string, number>() : readRedisCommands(system.redis),
    readStoreCalls(management),
  ]);
  return { at: performance.now(), cpuS: await readCpu(system), commands, storeCalls };
}

/** CPU seconds by role. */
export async function readCpu(system: MeasuredSystem): Promise<ReadonlyMap<string, number>> {
  return await sumByRole(system, threadCpuSeconds);
}

export interface Memory {
  readonly residentBytes: ReadonlyMap<string, number>;
  /** Without the pages of files, which the kernel may take back at any time. */
  readonly ownBytes: ReadonlyMap<string, number>;
}

export async function readMemory(system: MeasuredSystem): Promise<Memory> {
  const [resident, own] = await Promise.all([sumByRole(system, residentBytes), sumByRole(system, ownBytes)]);
  return { residentBytes: resident, ownBytes: own };
}

async function sumByRole(
  { processes }: MeasuredSystem,
  read: (pid: number) => Promise<number>,
): Promise<ReadonlyMap<string, number>> {
  const sums = new Map<string, number>();
  const values = await Promise.all(processes.map(({ pid }) => read(pid)));
  for (const [index, { role }] of processes.entries()) sums.set(role, (sums.get(role) ?? 0) + (values[index] ?? 0));
  return sums;
}

export function ratesBetween(from: Counters, to: Counters): Rates {
  const seconds = (to.at - from.at) / 1_000;
  const rate = (before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>, factor: number) =>
    new Map([...after].map(([name, value]) => [name, ((value - (before.get(name) ?? 0)) * factor) / seconds]));
  return {
    cpuMs: rate(from.cpuS, to.cpuS, 1_000),
    commands: rate(from.commands, to.commands, 1),
    storeCalls: (to.storeCalls - from.storeCalls) / seconds,
  };
}

export function sumOf(values: ReadonlyMap<string, number>): number {
  return [...values.values()].reduce((sum, one) => sum + one, 0);
}
