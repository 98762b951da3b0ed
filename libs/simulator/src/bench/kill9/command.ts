import type { Command } from "commander";
import { createProgress } from "../../report/progress.ts";
import { conclude, formatMs, formatSpreads } from "../clients/figures.ts";
import { runAllDie } from "./all-die.ts";
import { type Kill9, runKill9 } from "./kill9.ts";

interface Flags {
  readonly rounds: string;
  readonly seed?: string;
  readonly cluster: boolean;
  readonly powerCut: boolean;
  readonly json: boolean;
}

export function addKill9(program: Command): void {
  program
    .command("kill9")
    .description("SIGKILL to everything during writes, again and again: nothing that was acked may be lost")
    .option("--rounds <n>", "deaths", "200")
    .option("--seed <n>", "where chance begins")
    .option(
      "--cluster",
      "processes on Redis and a MongoDB-wire server, all killed at once; else the embedded store",
      false,
    )
    .option("--power-cut", "the disk loses what was not flushed, too (root; a file system in a file)", false)
    .option("--json", "print one JSON object", false)
    .action(async (flags: Flags) => {
      const result = await runKill9({
        kind: flags.cluster ? "cluster" : "embedded",
        rounds: Number(flags.rounds),
        seed: flags.seed === undefined ? Date.now() % 0x7fffffff : Number(flags.seed),
        isPowerCut: flags.powerCut,
        say: (line) => void process.stderr.write(`${line}\n`),
      });
      conclude(result, format(result), flags.json);
    });
}

export function addAllDie(program: Command): void {
  program
    .command("all-die")
    .description(
      "people talk, everything is killed and started again on the same data: their outboxes finish by themselves",
    )
    .option("--rounds <n>", "deaths", "5")
    .option("--users <n>", "people", "60")
    .option("--channels <n>", "channels", "20")
    .option("--rate <n>", "things done a second over all people", "30")
    .option("--seed <n>", "where chance begins")
    .option("--cluster", "processes on Redis and a MongoDB-wire server; else the embedded store", false)
    .option("--json", "print one JSON object", false)
    .action(async (flags: Omit<Flags, "powerCut"> & { users: string; channels: string; rate: string }) => {
      const result = await runAllDie({
        kind: flags.cluster ? "cluster" : "embedded",
        rounds: Number(flags.rounds),
        seed: flags.seed === undefined ? Date.now() % 0x7fffffff : Number(flags.seed),
        users: Number(flags.users),
        channels: Number(flags.channels),
        messagesPerS: Number(flags.rate),
        progress: createProgress(1, process.stderr),
      });
      const { kind, rounds, seed, acked, events, downMsMax, settleMsMax, reports } = result;
      const shown = reports.flatMap((report) =>
        report.shown.map(({ invariant, message }) => `${invariant}: ${message}`),
      );
      const text = [
        `${kind}, ${rounds} deaths of everything, seed ${seed}: ${acked} acked, ${events} events in the logs`,
        `down for at most ${formatMs(downMsMax)}; all at rest at most ${formatMs(settleMsMax)} after the load`,
        ...shown,
      ];
      conclude(result, text.join("\n"), flags.json);
    });
}

function format({
  kind,
  isPowerCut,
  rounds,
  seed,
  killedAtStart,
  open,
  openAndIn,
  readyMs,
  secondsARound,
  losses,
}: Kill9): string {
  return [
    `${kind}, ${rounds} rounds of ${isPowerCut ? "kill -9 and a power cut" : "kill -9"}, ${secondsARound.toFixed(2)} s a round, seed ${seed}`,
    `${killedAtStart} of them had another kill while starting; ${open} requests were under way, ${openAndIn} of which were in`,
    formatSpreads([["start until ready", readyMs]]),
    ...losses.map(({ channel, what, detail }) => `LOSS ${what}: ${channel} ${detail}`),
  ].join("\n");
}
