import { readFile } from "node:fs/promises";
import { threadCpuSeconds } from "../../growth/measure/cpu.ts";
import { parseCommandStats, readRedisInfo } from "../../growth/measure/redis-commands.ts";
import { sumOfMetric } from "../../growth/measure/store-calls.ts";
import type { MeasuredSystem } from "../../side-by-side/systems.ts";

/**
 * What only ever grows, summed over all processes of a role; its differences over time are what a load takes. `store` is
 * the process that holds the store, whichever it is; bytes of `Io` went through reads and writes, of sockets and files.
 */
export const totalNames = [
  "gatewayCpuMs",
  "chatCpuMs",
  "redisCpuMs",
  "storeCpuMs",
  "gatewayIoBytes",
  "chatIoBytes",
  "clientInBytes",
  "clientOutBytes",
  "publishes",
  "redisBytes",
  "redisOutBytes",
] as const;

export type Totals = Readonly<Record<(typeof totalNames)[number], number>>;

export interface Look {
  /** ms, of `performance.now()`. */
  readonly at: number;
  readonly totals: Totals;
}

/**
 * One look at a system whose roles are in processes of their own. It takes some CPU and some bytes of everybody: windows
 * that are compared must be equally long, so that this is the same in each. **Errors**: rejects where a process is gone.
 */
export async function lookAt(system: MeasuredSystem): Promise<Look> {
  const management = system.processes.flatMap((one) => one.management ?? []);
  const [redis, metrics] = await Promise.all([
    system.redis === undefined ? "" : readRedisInfo(system.redis, "all"),
    Promise.all(management.map(readMetrics)),
  ]);
  const metric = (name: string): number => metrics.reduce((sum, text) => sum + sumOfMetric(text, name), 0);
  const sum = async (role: string, read: (pid: number) => Promise<number>): Promise<number> => {
    const values = await Promise.all(system.processes.filter((one) => one.role === role).map(({ pid }) => read(pid)));
    return values.reduce((total, one) => total + one, 0);
  };
  const cpuMs = async (role: string): Promise<number> => (await sum(role, threadCpuSeconds)) * 1_000;
  const commands = parseCommandStats(redis);
  const outBytes = infoField(redis, "total_net_output_bytes");
  const totals = {
    gatewayIoBytes: await sum("gateway", ioBytes),
    chatIoBytes: await sum("chat-server", ioBytes),
    clientInBytes: metric("parley_gateway_in_bytes_total"),
    clientOutBytes: metric("parley_gateway_out_bytes_total"),
    publishes: (commands.get("publish") ?? 0) + (commands.get("spublish") ?? 0),
    redisBytes: infoField(redis, "total_net_input_bytes") + outBytes,
    redisOutBytes: outBytes,
    gatewayCpuMs: await cpuMs("gateway"),
    chatCpuMs: await cpuMs("chat-server"),
    redisCpuMs: await cpuMs("redis"),
    storeCpuMs: await cpuMs("store"),
  };
  return { at: performance.now(), totals };
}

/** Bytes of memory that Redis uses. **Errors**: as {@link readRedisInfo}. */
export async function redisMemory(system: MeasuredSystem): Promise<number> {
  return infoField(await readRedisInfo(system.redis ?? "", "memory"), "used_memory");
}

async function readMetrics(address: string): Promise<string> {
  const answer = await fetch(`${address}/metrics`);
  if (!answer.ok) throw new Error(`${address}/metrics answered ${answer.status}`);
  return await answer.text();
}

/** **Source**: proc(5), `/proc/<pid>/io`: rchar and wchar count every read(2) and write(2), those of sockets among them. */
async function ioBytes(pid: number): Promise<number> {
  return parseIo(await readFile(`/proc/${pid}/io`, "utf8"));
}

export function parseIo(text: string): number {
  const field = (name: string): number => Number(new RegExp(`^${name}: (\\d+)$`, "m").exec(text)?.[1] ?? Number.NaN);
  return field("rchar") + field("wchar");
}

/** NaN where it is not there. */
export function infoField(info: string, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)\\r?$`, "m").exec(info)?.[1] ?? Number.NaN);
}
