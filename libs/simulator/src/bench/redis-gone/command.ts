import type { Command } from "commander";
import { createProgress } from "../../report/progress.ts";
import { conclude, formatSpreads } from "../clients/figures.ts";
import { type RedisGone, runRedisGone } from "./redis-gone.ts";

interface Flags {
  readonly users: string;
  readonly channels: string;
  readonly rate: string;
  readonly seconds: string;
  readonly seed?: string;
  readonly silent: boolean;
  readonly record?: string;
  readonly json: boolean;
}

const beforeS = 15;
const afterS = 30;

export function addRedisGone(program: Command): void {
  program
    .command("redis-gone")
    .description("chat goes on without Redis: it is away for a minute under load, on a cluster")
    .option("--users <n>", "people", "100")
    .option("--channels <n>", "channels", "30")
    .option("--rate <n>", "things done a second over all people", "20")
    .option("--seconds <n>", "how long Redis is away", "60")
    .option("--silent", "Redis stands still with its connections open (SIGSTOP), instead of being killed", false)
    .option("--seed <n>", "where chance begins")
    .option("--record <file>", "write the history to this file, one JSON object a line")
    .option("--json", "print one JSON object", false)
    .action(async (flags: Flags) => {
      const goneS = Number(flags.seconds);
      const result = await runRedisGone({
        kind: flags.silent ? "silent" : "dead",
        users: Number(flags.users),
        channels: Number(flags.channels),
        messagesPerS: Number(flags.rate),
        beforeS,
        goneS,
        afterS,
        seed: flags.seed === undefined ? Date.now() % 0x7fffffff : Number(flags.seed),
        gateways: 2,
        chatServers: 3,
        ackBoundMs: 1_000,
        deliveryBoundMs: 3_000,
        calmMs: 100,
        progress: createProgress(beforeS + goneS + afterS, process.stderr),
        ...(flags.record === undefined ? {} : { recordFile: flags.record }),
      });
      conclude(result, format(result), flags.json);
    });
}

function format({ kind, seed, ackMs, deliveryMs, strangers, strangersWelcomed, report }: RedisGone): string {
  const phases = ["before", "gone", "after"] as const;
  const name = { before: "before", gone: `Redis ${kind}`, after: "after" };
  return [
    formatSpreads([
      ...phases.map((phase) => [`acks, ${name[phase]}`, ackMs[phase]] as const),
      ...phases.map((phase) => [`deliveries, ${name[phase]}`, deliveryMs[phase]] as const),
    ]),
    `new people while Redis was away: ${strangersWelcomed} of ${strangers} were let in`,
    ...report.shown.map(({ invariant, message }) => `${invariant}: ${message}`),
    `seed ${seed}; the simulated people took ${report.simulatorCpu.toFixed(2)} of a core`,
  ].join("\n");
}
