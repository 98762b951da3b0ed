import { openSync, writeSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { ProcessPorts } from "../ports.ts";
import { createCrashPoints } from "./crash-points.ts";
import {
  clockVariable,
  type FaultMessage,
  type Inspection,
  isFaultMessage,
  type Trouble,
  troubleFileVariable,
} from "./fault-message.ts";
import { setClockOffset } from "./wrong-clock.ts";

/**
 * `node.ts` with faults inside, for tests: the same composition, with ports that can end the process at a named point,
 * and an event loop and a clock that do wrong when the parent says so.
 */
const { [troubleFileVariable]: troubleFile } = process.env;
// Opened before any file can be one too many.
const troubles = troubleFile === undefined ? undefined : openSync(troubleFile, "a");
setClockOffset(Number(process.env[clockVariable] ?? 0));

const tell = (kind: Trouble["kind"], text: string): void => {
  const trouble: Trouble = { node: process.env["PARLEY_NODE"] ?? "", pid: process.pid, kind, text };
  // In one write and at once: the process may be about to end.
  if (troubles !== undefined) writeSync(troubles, `${JSON.stringify(trouble)}\n`);
};
process.on("uncaughtExceptionMonitor", (error, origin) => tell(origin, error?.stack ?? String(error)));
process.on("warning", (warning) => tell("warning", warning.stack ?? warning.message));

const crashes = createCrashPoints((point) => {
  writeSync(2, `${process.env["PARLEY_NODE"]}: ending itself ${point}\n`);
  process.kill(process.pid, "SIGKILL");
});

process.on("message", (message) => {
  if (isFaultMessage(message)) obey(message);
});

function obey(message: FaultMessage): void {
  switch (message.fault) {
    case "crash":
      return crashes.arm(message.point, message.nth);
    case "stall":
      return stall(message.ms);
    case "clock":
      return setClockOffset(message.offsetMs);
    case "hoard":
      return hoard(message.bytesPerS);
    case "inspect":
      return void process.send?.(inspect(message.question));
    default:
      message satisfies never;
  }
}

/** Busy, as a regular expression that never ends or a huge JSON would keep it. */
function stall(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

const hoarded: number[][] = [];
const hoardEveryMs = 50;
const numberBytes = 8;

/** As a leak does. */
function hoard(bytesPerS: number): void {
  const count = Math.round((bytesPerS * hoardEveryMs) / 1_000 / numberBytes);
  setInterval(() => hoarded.push(Array.from({ length: count }, (_, index) => index + 0.5)), hoardEveryMs);
}

function inspect(question: number): Inspection {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  setFlagsFromString("--no-expose-gc");
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  const { heapUsed, rss } = process.memoryUsage();
  return { report: "inspection", question, resources, heapUsedBytes: heapUsed, rssBytes: rss };
}

// Only now, so that no module keeps the right clock.
const { runNodeCommand } = await import("../node-command.ts");
await runNodeCommand((ports: ProcessPorts) => crashes.wrap(ports));
