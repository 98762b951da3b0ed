import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { checkWithPython, disagreements, type PythonVerdict } from "./checker/check-with-python.ts";
import { createProgress } from "./report/progress.ts";
import { formatReport, isClean, type Report } from "./report/report.ts";
import { simulate } from "./run/simulate.ts";
import { startSystem } from "./target/system.ts";
import { createShortTokens, createTokens } from "./target/tokens.ts";

const tokenGraceMs = 1_000;

const whole =
  (low: number, high: number) =>
  (text: string): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= low && value <= high) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`);
  };

const collect = (text: string, before: readonly string[]): readonly string[] => [...before, ...text.split(",")];

const program = new Command("npm run simulate --")
  .description("Simulated people on the SDK, over real sockets; then the whole history is checked (C1 to C11).")
  .option("--users <n>", "people", whole(2, 20_000), 500)
  .option("--channels <n>", "channels", whole(1, 20_000), 100)
  .option("--seconds <n>", "how long they live, seconds", whole(1, 86_400), 60)
  .option("--rate <n>", "things done a second over all people; default a tenth of their number", whole(1, 100_000))
  .option("--restless <factor>", "connections end so many times sooner than in life", whole(1, 100), 1)
  .option(
    "--target <ws://…>",
    "a running system instead of one of its own; may be repeated or comma-separated",
    collect,
    [],
  )
  .option("--data <dir>", "the data folder of the running system, whose key signs the tokens", "./data")
  .option("--cluster", "start a system of processes of its own (npm run cluster) instead of the embedded one", false)
  .option(
    "--kill <second>",
    "with --cluster: SIGKILL one chat server so many seconds in; no socket may end",
    whole(1, 86_400),
  )
  .option("--seed <n>", "where chance begins; the same seed draws the same people", whole(-0x7fffffff, 0x7fffffff))
  .option("--record <file>", "write the history to this file, one JSON object a line")
  .option("--json", "print one JSON object and no table", false)
  .parse();

interface Options {
  readonly users: number;
  readonly channels: number;
  readonly seconds: number;
  readonly rate?: number;
  readonly restless: number;
  readonly target: readonly string[];
  readonly data: string;
  readonly cluster: boolean;
  readonly kill?: number;
  readonly seed?: number;
  readonly record?: string;
  readonly json: boolean;
}

async function run(options: Options): Promise<boolean> {
  const { users, channels, seconds, target, json } = options;
  const seed = options.seed ?? Date.now() % 0x7fffffff;
  const progress = createProgress(seconds, process.stderr);
  if (options.cluster && target.length > 0) throw new Error("--cluster starts a system, --target names one: not both");
  if (options.kill !== undefined && !options.cluster) throw new Error("--kill needs --cluster");
  if (target.length === 0) {
    progress.phase(`starting a system of its own, ${options.cluster ? "a cluster of processes" : "embedded"}`);
  }
  // A system of its own lets tokens run out while people live; of one that runs already the grace is not known.
  const env = { PARLEY_GATEWAY_TOKEN_GRACE_MS: String(tokenGraceMs) };
  const command = options.cluster ? "cluster" : "start";
  const system = target.length > 0 ? undefined : await startSystem({ command, env });
  const folder = await mkdtemp(join(tmpdir(), "parley-history-"));
  const recordFile = options.record ?? join(folder, "history.jsonl");
  const victim = options.kill === undefined ? undefined : system?.processes.find(({ role }) => role === "chat-server");
  let isKilled = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void system?.stop().then(() => process.exit(1)));
  try {
    const report = await simulate({
      urls: system?.ws ?? target.map(toAddress),
      tokenOf: await createTokens(system?.data ?? options.data),
      ...(system === undefined ? {} : { shortTokens: await createShortTokens(system.data, tokenGraceMs) }),
      users,
      channels,
      seconds,
      seed,
      messagesPerS: options.rate ?? users / 10,
      restlessness: options.restless,
      // Two runs on one system must not meet, also with the same seed.
      prefix: `sim-${Date.now().toString(36)}-`,
      progress,
      onSecond(elapsedS) {
        if (victim === undefined || isKilled || elapsedS < (options.kill ?? 0)) return;
        isKilled = true;
        process.kill(victim.pid, "SIGKILL");
        progress.phase(`killed ${victim.node} (pid ${victim.pid})`);
      },
      recordFile,
    });
    const second = await checkWithPython(recordFile);
    process.stdout.write(`${json ? JSON.stringify({ ...report, second }) : formatReport(report)}\n`);
    if (!json) process.stdout.write(`${formatSecond(report, second)}\nseed ${seed}\n`);
    if (victim !== undefined && !isKilled) throw new Error("--kill: the run ended before anything was killed");
    if (second !== undefined && second.violations.length > 0) return false;
    return isClean(report) && (victim === undefined || report.closedByServer === 0);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await system?.stop();
  }
}

/** What the checker that was written apart says, and whether the two agree. */
function formatSecond({ violations }: Report, second: PythonVerdict | undefined): string {
  if (second === undefined) return "NOT CHECKED by the second checker: there is no python3";
  const { counts, judged, seconds } = second;
  const disputed = disagreements(violations, counts);
  const verdict = disputed.length === 0 ? "agrees" : `does not agree: ${disputed.join("; ")}`;
  const shown = second.violations.map(
    ({ invariant, message, lines }) => `${invariant}: ${message} (lines ${lines.join(", ")})`,
  );
  const what = `${judged["lines"]} lines, ${judged["acks"]} acks, ${judged["deliveries"]} deliveries`;
  return [`the second checker (Python; ${what}, ${seconds} s) ${verdict}`, ...shown].join("\n");
}

/** The ready line names whole addresses; a person may leave the path out. */
function toAddress(text: string): string {
  const url = new URL(text);
  if (url.pathname === "/") url.pathname = "/v1/ws";
  return url.href;
}

try {
  process.exitCode = (await run(program.opts<Options>())) ? 0 : 1;
} catch (cause) {
  process.stderr.write(`simulate: ${cause instanceof Error ? cause.message : String(cause)}\n`);
  process.exitCode = 2;
}
