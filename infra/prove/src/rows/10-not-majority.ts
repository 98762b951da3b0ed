import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Fleet } from "../fleet/fleet.ts";
import { requireSocketsStay } from "../means/sockets-stay.ts";
import type { ClusterRow } from "../row.ts";
import type { Arena } from "../run/arena.ts";

const notPrimaryMs = 10_000;
const lateMs = 10_000;
const simulatedRuns = 300;
const simulation = fileURLToPath(new URL("../../../../chat-server/src/simulation/run.ts", import.meta.url));

/** One step down: each chat server's next write, and only that, is answered by "not primary". */
async function notPrimaryOnce({ fleet, strike, until }: Arena<Fleet>): Promise<void> {
  const rules = fleet.chatServers.flatMap(({ store }) => store?.answer({ error: "notPrimary" }) ?? []);
  await until("a request of each chat server", () => rules.every(({ hits }) => hits > 0), 10_000);
  strike("not primary, once for each chat server");
}

async function notPrimaryFor10S({ fleet, inject, pause, figure }: Arena<Fleet>): Promise<void> {
  const fault = inject(`not primary for ${notPrimaryMs / 1_000} s: no request is done`);
  const rules = fleet.chatServers.flatMap(({ store }) => store?.answer({ error: "notPrimary", forMs: 60_000 }) ?? []);
  await pause(notPrimaryMs);
  for (const rule of rules) rule.cancel();
  fault.end("primary again");
  figure("answers of not primary", String(rules.reduce((sum, { hits }) => sum + hits, 0)));
}

async function lateCommits({ fleet, random, inject, pause, until, figure }: Arena<Fleet>): Promise<void> {
  const fault = inject("three writes in ten: a write-concern timeout at once, and the write later");
  const rules = fleet.chatServers.flatMap(({ store }) =>
    ["insert", "update"].flatMap((command) => {
      const after = [random.integer(0, 100), random.integer(100, 1_000), random.integer(1_000, 3_000)];
      return after.flatMap((forwardAfterMs) => {
        return (
          store?.answer({ command, error: "writeConcernTimeout", chance: 0.1, forMs: 60_000, forwardAfterMs }) ?? []
        );
      });
    }),
  );
  await pause(lateMs);
  for (const rule of rules) rule.cancel();
  const hits = rules.reduce((sum, rule) => sum + rule.hits, 0);
  const late = (): number => fleet.chatServers.reduce((sum, { store }) => sum + (store?.lateRequests ?? 0), 0);
  await until("the last late write", () => late() >= hits, 20_000);
  fault.end("every late write has come");
  figure("writes that committed after their timeout", String(hits));
  if (hits < 5) throw new Error(`only ${hits} writes came late: the load is too small for this row`);
}

/** The store of this machine has no majority to lose; the model of the deterministic simulation has. */
async function rollBack({ random, mark, require }: Arena<Fleet>): Promise<void> {
  const seed = random.integer(1, 1_000_000_000);
  mark(`rollback of what was not majority: ${simulatedRuns} runs of the deterministic simulation from seed ${seed}`);
  const args = ["--disable-warning=ExperimentalWarning", simulation, "--runs", String(simulatedRuns)];
  const child = spawn(process.execPath, [...args, "--seed", String(seed)], { stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      lines.push(...text.split("\n").filter((line) => line !== ""));
      lines.splice(0, lines.length - 5);
    });
  }
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const what = "no violation in the deterministic simulation, whose store rolls back what was not majority";
  require(what, code === 0, lines.join(" "));
}

export const row: ClusterRow = {
  number: 10,
  topology: "cluster",
  title: "store not primary, once and for 10 s; write-concern timeouts that commit later; rollback",
  how:
    "The proxy before the store answers a request of each chat server, and later every request for 10 s, with error " +
    "10107 (not primary). Then for 10 s it answers three writes in ten with a write-concern timeout at once and lets " +
    "the write through up to 3 s later, when the server has long tried again. The rollback of writes that were not " +
    "majority needs a replica set, which is not to be had here: it is done to the store model of the deterministic " +
    "simulation, which runs the same code.",
  async run(arena) {
    requireSocketsStay(arena);
    const { pause } = arena;
    // First, since it takes the processor from everybody: no recovery is measured meanwhile.
    await rollBack(arena);
    await pause(2_000);
    await notPrimaryOnce(arena);
    await pause(3_000);
    await notPrimaryFor10S(arena);
    await pause(4_000);
    await lateCommits(arena);
  },
};
