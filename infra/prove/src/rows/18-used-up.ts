import { readdir } from "node:fs/promises";
import type { Fleet } from "../fleet/fleet.ts";
import type { FleetNode } from "../fleet/node.ts";
import { openHerd } from "../means/herd.ts";
import { runCommand, whyNot } from "../means/run-command.ts";
import type { ClusterRow } from "../row.ts";
import type { Arena } from "../run/arena.ts";

const heapMiB = 96;
const hoardBytesPerS = 24 * 1024 * 1024;
const diesWithinMs = 60_000;
const filesLeft = 3;
/** Longer than what looks after a process now and then waits between two looks. */
const usedUpMs = 7_000;
const strangers = 80;

export const row: ClusterRow = {
  number: 18,
  topology: "cluster",
  title: "file descriptors of a gateway and of a chat server, then the heap of the gateway used up",
  how:
    "A gateway may open three files more and no others, and eighty clients come: it cannot accept most of them, who " +
    "must find their way to the other gateway. Its connections to Redis are cut, and it can open none anew for 7 s; " +
    "those that it has must not notice. Then the same with a chat server, whose connections to Redis, the store and " +
    "the gateways are cut. Then the gateway leaks memory, 24 MiB a second of the 96 MiB that it may have, until it " +
    "stands in garbage collection and falls.",
  shape: {
    environmentOf: (node) => (node.startsWith("gateway") ? { NODE_OPTIONS: `--max-old-space-size=${heapMiB}` } : {}),
  },
  whyNot: () => whyNot("limits of a running process are set by prlimit", "prlimit", "--version"),
  async run(arena) {
    const { fleet, random, pause, figure } = arena;
    await pause(2_000);
    const gateway = random.pick(fleet.gateways);
    await useUpFiles(arena, gateway, async () => {
      gateway.redis.cut();
      const urls = [gateway, ...fleet.gateways.filter((one) => one !== gateway)].map(({ up }) => up.ws ?? "");
      const herd = await openHerd({ count: strangers, urls, tokenOf: fleet.tokenOf, random });
      figure("clients that came in by the one gateway or the other", `${herd.online()} of ${herd.size}`);
      await pause(usedUpMs);
      await herd.close();
    });
    await pause(3_000);
    const chatServer = random.pick(fleet.chatServers);
    await useUpFiles(arena, chatServer, async () => {
      for (const proxy of [chatServer.redis, chatServer.store, chatServer.front]) proxy?.cut();
      await pause(usedUpMs);
    });
    await pause(3_000);
    await useUpHeap(arena, gateway);
  },
};

/** While `meanwhile` runs, the process may open hardly a file more. */
async function useUpFiles({ inject }: Arena<Fleet>, victim: FleetNode, meanwhile: () => Promise<void>): Promise<void> {
  const { pid } = victim;
  const limit = async (...words: readonly string[]) => await runCommand("prlimit", "--pid", String(pid), ...words);
  const told = await limit("--nofile", "--raw", "--noheadings", "--output", "SOFT,HARD");
  const limits = told.trim().split(/\s+/);
  const open = (await readdir(`/proc/${pid}/fd`)).length;
  await limit(`--nofile=${open + filesLeft}:${limits[1]}`);
  const fault = inject(`${victim.name} may open ${filesLeft} files more, and its connections are cut`);
  try {
    await meanwhile();
  } finally {
    // One that fell has taken its limit with it; that it fell is the coroner's business.
    if (victim.isUp && victim.pid === pid) await limit(`--nofile=${limits.join(":")}`);
  }
  fault.end(`${victim.name} may open files again`);
}

async function useUpHeap({ inject, until }: Arena<Fleet>, victim: FleetNode): Promise<void> {
  const { starts } = victim;
  victim.expectAnything();
  const fault = inject(`${victim.name} leaks ${hoardBytesPerS / 1024 ** 2} MiB a second`);
  victim.tell({ fault: "hoard", bytesPerS: hoardBytesPerS });
  await until(`the end of ${victim.name}`, () => !victim.isUp || victim.starts > starts, diesWithinMs);
  fault.end(`${victim.name} has fallen`);
  await victim.back(starts);
  victim.expectNothing();
}
