import { parseArgs } from "node:util";
import { rows } from "./rows/index.ts";
import { emptyResult, proveRow } from "./run/prove-row.ts";
import type { RunMessage, RunResult } from "./run/result.ts";

/**
 * One run in a process of its own, so that two at a time do not wait for each other's checker, and so that whatever
 * happens to one leaves the others alone. Tells its parent by IPC; without one it prints the result.
 */
const { values } = parseArgs({
  options: {
    row: { type: "string" },
    seed: { type: "string" },
    load: { type: "string" },
    folder: { type: "string" },
    brief: { type: "boolean", default: false },
  },
});
const [number, seed, folder = ""] = [Number(values.row), Number(values.seed), values.folder];

const closeables: (() => Promise<void>)[] = [];
let isEnding = false;

function tell(message: RunMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected && process.send !== undefined) return void process.send(message, () => resolve());
    if (message.kind === "progress") process.stderr.write(`${message.phase}\n`);
    else process.stdout.write(`${JSON.stringify(message)}\n`);
    resolve();
  });
}

async function closeAll(): Promise<void> {
  for (const close of closeables.toReversed()) await close().catch(() => {});
}

function end(): void {
  if (isEnding) return;
  isEnding = true;
  void closeAll().then(() => process.exit(130));
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
process.on("disconnect", end);

async function run(): Promise<RunResult> {
  const row = rows.find((one) => one.number === number);
  if (row === undefined) throw new Error(`there is no row ${number}`);
  return proveRow(row, {
    seed,
    loadFactor: Number(values.load ?? 1),
    isBrief: values.brief,
    folder,
    onProgress: (phase, acked, delivered) => void tell({ kind: "progress", phase, acked, delivered }),
    onCloseable: (close) => void closeables.push(close),
  });
}

try {
  await tell({ kind: "result", result: await run() });
} catch (error) {
  const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (!isEnding) await tell({ kind: "result", result: { ...emptyResult(number, seed), outcome: "broken", why } });
}
await closeAll();
if (!isEnding) process.exit(0);
