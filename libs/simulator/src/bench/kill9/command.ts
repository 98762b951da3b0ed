import type { Command } from "commander";
import { conclude, formatSpreads } from "../clients/figures.ts";
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
