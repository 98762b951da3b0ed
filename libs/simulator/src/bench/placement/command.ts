import type { Command } from "commander";
import { conclude, formatTable } from "../clients/figures.ts";
import { measurePlacement, type PlacementBench } from "./placement.ts";

interface Flags {
  readonly users: string;
  readonly newcomers: string;
  readonly newcomersPerSecond: string;
  readonly room: string;
  readonly sends: string;
  readonly rebalancePerSecond: string;
  readonly json: boolean;
}

export function addPlacement(program: Command): void {
  program
    .command("placement")
    .description("a slow chat server is spared, an added one is given its share, a drained one gives away its own")
    .option("--users <n>", "connected users at first", "300")
    .option("--newcomers <n>", "who come while a chat server is slow", "600")
    .option("--newcomers-per-second <n>", "of them in a second", "30")
    .option("--room <n>", "members of each room", "10")
    .option("--sends <n>", "messages a second over all rooms", "20")
    .option("--rebalance-per-second <n>", "users that a chat server may hand over in a second", "10")
    .option("--json", "print one JSON object", false)
    .action(async (flags: Flags) => {
      const result = await measurePlacement({
        users: Number(flags.users),
        newcomers: Number(flags.newcomers),
        newcomersPerS: Number(flags.newcomersPerSecond),
        roomSize: Number(flags.room),
        sendsPerS: Number(flags.sends),
        rebalancePerS: Number(flags.rebalancePerSecond),
        say: (line) => void process.stderr.write(`${line}\n`),
      });
      conclude(result, format(result), flags.json);
    });
}

function format({ stages, nodes, strains }: PlacementBench): string {
  const rows = stages.map(({ name, users, moved }) => {
    return [name, ...nodes.map((node) => String(users[node] ?? 0)), String(moved)];
  });
  const mean = strains.reduce((sum, strain) => sum + strain, 0) / Math.max(1, strains.length);
  const shown = [Math.min(...strains), mean, Math.max(...strains)].map((strain) => strain.toFixed(1));
  return [
    formatTable(["users", ...nodes, "moved"], rows),
    strains.length === 0
      ? "no server was slow"
      : `the slow server's strain meanwhile: ${shown[0]} to ${shown[2]}, mean ${shown[1]}`,
  ].join("\n");
}
