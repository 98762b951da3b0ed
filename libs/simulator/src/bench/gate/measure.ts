import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { isFields } from "../../history/content.ts";
import { rareCount } from "./rare-count.ts";

export const parts = ["chat-server", "gateway"] as const;
export type Part = (typeof parts)[number];

/** What a message costs in one scenario. */
export interface WorkFigures {
  /** CPU in pieces of the reference work that runs beside it. */
  readonly cpu: number;
  readonly allocatedBytes: number;
  /** Calls, frames, writes and bytes of each kind. */
  readonly counts: Readonly<Record<string, number>>;
}

/** By name of the scenario. */
export type Figures = Readonly<Record<string, WorkFigures>>;

const entry = fileURLToPath(new URL("../../../../../infra/run/src/gate/measure.ts", import.meta.url));
/** MiB: what one slice allocates must fit, or a collection in its middle would count. */
const youngMiB = 64;
const withinMs = 120_000;

/**
 * Measures one part in a process of its own, on one core where that can be had: what a write costs that must wake a core
 * that sleeps depends on the machine, and on what else keeps it awake.
 * **Errors**: rejects where the process fails or takes two minutes.
 */
export async function measurePart(part: Part): Promise<Figures> {
  const heap = ["--expose-gc", `--min-semi-space-size=${youngMiB}`, `--max-semi-space-size=${youngMiB}`];
  // Helpers of the collector would do some of the work on other cores, now more, now less.
  const args = ["--disable-warning=ExperimentalWarning", "--single-threaded-gc", ...heap, entry, part];
  const core = await findCore();
  const [command, all] =
    core === undefined ? [process.execPath, args] : ["taskset", ["-c", String(core), process.execPath, ...args]];
  // Options of whoever runs us (a test runner, a coverage tool) would change what is measured.
  const { NODE_OPTIONS: _options, NODE_V8_COVERAGE: _coverage, ...env } = process.env;
  const { stdout } = await promisify(execFile)(command, all, { env, timeout: withinMs });
  return parseMeasured(stdout);
}

/** The last core that we may run on; undefined where there is no `taskset`. **Source**: proc(5), Cpus_allowed_list. */
async function findCore(): Promise<number | undefined> {
  try {
    await promisify(execFile)("taskset", ["--version"]);
    const status = await readFile("/proc/self/status", "utf8");
    const last = /^Cpus_allowed_list:.*?(\d+)$/m.exec(status)?.[1];
    return last === undefined ? undefined : Number(last);
  } catch {
    return undefined;
  }
}

function parseMeasured(text: string): Figures {
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) throw new TypeError("no list of figures");
  return Object.fromEntries(list.map((one: unknown) => [nameOf(one), parseFigures(one)]));
}

function nameOf(value: unknown): string {
  return isFields(value) ? String(value["name"]) : "";
}

/** Rounded to what has a meaning. **Errors**: TypeError for what holds no figures. */
export function parseFigures(value: unknown): WorkFigures {
  if (!isFields(value) || !isFields(value["counts"])) throw new TypeError("no figures");
  const counts = Object.entries(value["counts"]).map(([name, count]): [string, number] => [
    name,
    mustBeNumber(count, 3),
  ]);
  return {
    cpu: mustBeNumber(value["cpu"], 2),
    allocatedBytes: mustBeNumber(value["allocatedBytes"], 0),
    // What never happens, or by a timer, needs no line; should it begin to, it is one that was not committed.
    counts: Object.fromEntries(counts.filter(([, count]) => count >= rareCount)),
  };
}

function mustBeNumber(value: unknown, digits: number): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new TypeError("no number");
  return Number(value.toFixed(digits));
}
