import { readdir } from "node:fs/promises";
import type { Fleet } from "../fleet/fleet.ts";
import type { ClusterRow } from "../row.ts";
import type { Arena } from "../run/arena.ts";
import { openHerd } from "./herd.ts";
import { runCommand, whyNot } from "./run-command.ts";

const heapMiB = 96;
const hoardBytesPerS = 24 * 1024 * 1024;
const diesWithinMs = 60_000;
const filesLeft = 12;
const strangers = 80;

export const row: ClusterRow = {
  number: 18,
  topology: "cluster",
  title: "file descriptors, then the heap of a gateway used up",
  how:
    "A gateway may open twelve files more and no others, and eighty clients come: it cannot accept most of them, who " +
    "must find their way to the other gateway, and those that it has must not notice. Then the same gateway leaks " +
    "memory, 24 MiB a second of the 96 MiB that it may have, until it stands in garbage collection and falls.",
  shape: {
    environmentOf: (node) => (node.startsWith("gateway") ? { NODE_OPTIONS: `--max-old-space-size=${heapMiB}` } : {}),
  },
  whyNot: () => whyNot("limits of a running process are set by prlimit", "prlimit", "--version"),
  async run(arena) {
    await arena.pause(2_000);
    const index = arena.random.integer(0, arena.fleet.gateways.length - 1);
    await useUpFiles(arena, index);
    await arena.pause(3_000);
    await useUpHeap(arena, index);
  },
};

async function useUpFiles({ fleet, random, inject, pause, figure }: Arena<Fleet>, index: number): Promise<void> {
  const victim = fleet.gateways[index];
  if (victim === undefined) throw new Error("there is no gateway");
  const pid = String(victim.pid);
  const limits = (
    await runCommand("prlimit", "--pid", pid, "--nofile", "--raw", "--noheadings", "--output", "SOFT,HARD")
  )
    .trim()
    .split(/\s+/);
  const open = (await readdir(`/proc/${pid}/fd`)).length;
  const bound = open + filesLeft;
  await runCommand("prlimit", "--pid", pid, `--nofile=${bound}:${limits[1] ?? bound}`);
  const fault = inject(`${victim.name} may open ${filesLeft} files more`);
  try {
    const urls = [victim, ...fleet.gateways.filter((one) => one !== victim)].map(({ up }) => up.ws ?? "");
    const herd = await openHerd({ count: strangers, urls, tokenOf: fleet.tokenOf, random });
    figure("clients that came in by the one gateway or the other", `${herd.online()} of ${herd.size}`);
    await pause(2_000);
    await herd.close();
  } finally {
    // One that fell has taken its limit with it; that it fell is the coroner's business.
    if (victim.isUp && victim.pid === Number(pid)) {
      await runCommand("prlimit", "--pid", pid, `--nofile=${limits.join(":")}`);
    }
  }
  fault.end(`${victim.name} may open files again`);
}

async function useUpHeap({ fleet, inject, until }: Arena<Fleet>, index: number): Promise<void> {
  const victim = fleet.gateways[index];
  if (victim === undefined) throw new Error("there is no gateway");
  const { starts } = victim;
  victim.expectAnything();
  const fault = inject(`${victim.name} leaks ${hoardBytesPerS / 1024 ** 2} MiB a second`);
  victim.tell({ fault: "hoard", bytesPerS: hoardBytesPerS });
  await until(`the end of ${victim.name}`, () => !victim.isUp || victim.starts > starts, diesWithinMs);
  fault.end(`${victim.name} has fallen`);
  await victim.back(starts);
  victim.expectNothing();
}
