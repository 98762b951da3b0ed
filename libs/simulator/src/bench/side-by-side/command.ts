import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { formatDemands } from "../clients/figures.ts";
import { runSideBySide } from "./measure/run.ts";
import {
  fullPlan,
  isFull,
  type Mode,
  modes,
  type Plan,
  parseCount,
  parseModes,
  parseRoomSizes,
  parseSystems,
} from "./plan.ts";
import { formatText } from "./report/text.ts";
import { checkDocuments, writeDocuments } from "./report/write.ts";
import { formatResult, readResult, type SideBySide } from "./result.ts";
import { demandsOf, judge } from "./targets/judge.ts";

interface Flags {
  readonly only: readonly string[];
  readonly rooms: readonly number[];
  readonly modes: readonly Mode[];
  readonly reps: number;
  readonly window: number;
  /** False with `--no-idle`. */
  readonly idle: number | false;
  readonly settle: number;
  readonly json: boolean;
  readonly write: boolean;
  readonly from?: string;
}

const root = fileURLToPath(new URL("../../../../../", import.meta.url));
const docs = join(root, "docs");
/** The last run, turn by turn, whether it came to its end or not. */
const keptFile = join(root, ".cache", "side-by-side.json");

const help = `
By default everything is measured, which takes about two hours, and docs/benchmarks.md (between its markers), docs/figures/
and docs/side-by-side.json are written. A smaller run (fewer systems, rooms, rates or repeats, shorter windows, no idle
connections) writes them only with --write. What was measured so far is kept in .cache/side-by-side.json after every turn;
--from .cache/side-by-side.json reports it without measuring. Exit code 1 where a target does not hold or anything failed.

Systems: ${fullPlan.systems.join(", ")}.
Rates: saturated (closed loop), half (of what the same system saturated at), same (half of what Socket.IO saturates at).`;

export function addSideBySide(program: Command): void {
  program
    .command("side-by-side", { isDefault: true })
    .description("cost, throughput, latency, memory and faults beside Socket.IO and the glue (what is run by default)")
    .option("--only <systems>", "only these, separated by commas", parseSystems, fullPlan.systems)
    .option("--rooms <sizes>", "only rooms of these sizes", parseRoomSizes, fullPlan.roomSizes)
    .option("--modes <rates>", "only at these rates", parseModes, modes)
    .option("--reps <n>", "interleaved repeats", parseCount(1), fullPlan.repeats)
    .option("--window <s>", "length of each window", parseCount(1), fullPlan.windowS)
    .option("--idle <n>", "idle connections of the memory measurement", parseCount(1), fullPlan.idle)
    .option("--no-idle", "leave it out")
    .option("--settle <s>", "wait before memory is read", parseCount(1), fullPlan.settleS)
    .option("--json", "print one JSON object", false)
    .option("--write", "write the documents whatever was measured", false)
    .option("--from <file>", "report a run that was kept, measure nothing")
    .addHelpText("after", help)
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const { from, isWriting, result } = await measureOrRead(flags);
  const lines = judge(result);
  const demands = demandsOf(lines, result);
  if (flags.json) process.stdout.write(`${JSON.stringify({ ...result, demands })}\n`);
  else
    process.stdout.write(`${formatText(result, lines)}\n\n${formatDemands(demands.filter(({ holds }) => !holds))}\n`);
  if (isWriting) say(`written: ${(await writeDocuments(docs, result, lines)).join(", ")}`);
  else if (!from) say("not the whole run: the documents stand as they were (see --write)");
  if (demands.some(({ holds }) => !holds)) process.exitCode = 1;
}

async function measureOrRead(
  flags: Flags,
): Promise<{ readonly from: boolean; readonly isWriting: boolean; readonly result: SideBySide }> {
  if (flags.from !== undefined) {
    return { from: true, isWriting: flags.write, result: await readResult(flags.from) };
  }
  const plan = planOf(flags);
  const isWriting = flags.write || isFull(plan);
  if (isWriting) await checkDocuments(docs);
  const command = ["npm run bench", ...(process.argv.length > 2 ? ["--", ...process.argv.slice(2)] : [])].join(" ");
  return { from: false, isWriting, result: await runSideBySide({ plan, command, say, keep }) };
}

function planOf({ only, rooms, modes, reps, window, idle, settle }: Flags): Plan {
  return {
    ...fullPlan,
    systems: only,
    roomSizes: rooms,
    modes,
    repeats: reps,
    windowS: window,
    idle: idle === false ? 0 : idle,
    settleS: settle,
  };
}

async function keep(result: SideBySide): Promise<void> {
  await mkdir(dirname(keptFile), { recursive: true });
  await writeFile(keptFile, formatResult(result));
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
