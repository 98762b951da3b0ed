import type { Command } from "commander";
import { conclude, formatMs, formatTable } from "../../clients/figures.ts";
import { type Connects, type ConnectsRow, measureConnects } from "./connects.ts";
import { entrants } from "./entrants.ts";

interface Flags {
  readonly only: string;
  readonly users: string;
  readonly channels: string;
  readonly room: string;
  readonly atOnce: string;
  readonly warmUp: string;
  readonly json: boolean;
}

const all = entrants.map(({ name }) => name).join(",");

export function addConnects(program: Command): void {
  program
    .command("connects")
    .description("ten thousand connects as fast as they go: token verified, placed, attached, welcomed")
    .option("--only <names>", "systems, of these", all)
    .option("--users <n>", "who connect", "10000")
    .option("--channels <n>", "channels that each of them is in", "3")
    .option("--room <n>", "members of each channel", "10")
    .option("--at-once <n>", "on their way at once", "500")
    .option("--warm-up <n>", "others who come and go before", "2000")
    .option("--json", "print one JSON object", false)
    .action(async (flags: Flags) => {
      const result = await measureConnects({
        entrants: flags.only.split(",").map(mustFind),
        users: Number(flags.users),
        channels: Number(flags.channels),
        roomSize: Number(flags.room),
        atOnce: Number(flags.atOnce),
        warmUp: Number(flags.warmUp),
        say: (line) => void process.stderr.write(`${line}\n`),
      });
      conclude(result, format(result), flags.json);
    });
}

function mustFind(name: string) {
  const entrant = entrants.find((one) => one.name === name);
  if (entrant === undefined) throw new Error(`${name} is none of ${all}`);
  return entrant;
}

function format({ users, channels, atOnce, rows }: Connects): string {
  return [
    `${users} connects, ${atOnce} on their way at once, each in ${channels} channels`,
    formatTable(
      ["", "connects/s", "p50", "p99", "CPU ms a connect", "of it", "generator", "all busy", "turned away"],
      rows.map(rowOf),
    ),
    "welcomes in each second:",
    ...rows.map(({ title, perSecond }) => `  ${title}: ${perSecond.join(" ")}`),
  ].join("\n");
}

function rowOf({ title, connectsPerS, connected, cpuMs, ...busy }: ConnectsRow): readonly string[] {
  const { connectMs, refused } = connected;
  const roles = Object.entries(cpuMs);
  return [
    title,
    Math.round(connectsPerS).toLocaleString("en-US"),
    ...[connectMs.p50, connectMs.p99].map(formatMs),
    roles.reduce((sum, [, ms]) => sum + ms, 0).toFixed(2),
    roles.length === 1 ? "" : roles.map(([role, ms]) => `${role} ${ms.toFixed(2)}`).join("\n"),
    `${busy.generatorCores.toFixed(2)} of a core`,
    `${busy.busyCores.toFixed(2)} of ${busy.machineCores} cores`,
    String(Object.values(refused).reduce((sum, count) => sum + count, 0)),
  ];
}
