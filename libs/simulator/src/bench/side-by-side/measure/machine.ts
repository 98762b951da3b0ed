import { execFile } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import { promisify } from "node:util";
import { ensureRedisServer } from "@parley/servers";
import type { Machine } from "../result.ts";

/** What the figures hold for. No name of the machine: it would tell a reader nothing. */
export async function readMachine(say: (line: string) => void): Promise<Machine> {
  const { stdout } = await promisify(execFile)(await ensureRedisServer(say), ["--version"]);
  const cores = cpus();
  return {
    cpu: cores[0]?.model.trim() ?? "unknown",
    cores: cores.length,
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
    redis: /v=(\S+)/.exec(stdout)?.[1] ?? "unknown",
  };
}
