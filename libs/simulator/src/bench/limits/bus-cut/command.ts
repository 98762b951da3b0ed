import type { Command } from "commander";
import { conclude, formatMs, formatTable } from "../../clients/figures.ts";
import { systemKinds } from "../../side-by-side/systems.ts";
import { type BusCut, measureBusCut } from "./bus-cut.ts";
import type { CutPhase } from "./verdict.ts";

interface Flags {
  readonly only: string;
  readonly reps: string;
  readonly members: string;
  readonly room: string;
  readonly rate: string;
  readonly seconds: string;
  readonly json: boolean;
}

/** An embedded process has no Redis. */
const cuttable = systemKinds.filter(({ name }) => name !== "parley-embedded");
const shown = ["socket.io", "glue", "parley-joined", "parley-split"];

export function addBusCut(program: Command): void {
  program
    .command("bus-cut")
    .description("all Redis connections are cut once in the middle of traffic: what becomes of acked messages")
    .option("--only <names>", `systems, of ${cuttable.map(({ name }) => name).join(", ")}`, shown.join(","))
    .option("--reps <n>", "how often each", "1")
    .option("--members <n>", "connected; the fewer, the busier each room", "100")
    .option("--room <n>", "members of each room", "10")
    .option("--rate <n>", "sends a second", "1000")
    .option("--seconds <s>", "of traffic after 2 s of warm-up; the cut comes in the middle", "6")
    .option("--json", "print one JSON object", false)
    .action(async (flags: Flags) => {
      const result = await measureBusCut({
        kinds: flags.only.split(",").map(mustFind),
        repeats: Number(flags.reps),
        members: Number(flags.members),
        roomSize: Number(flags.room),
        perS: Number(flags.rate),
        warmS: 2,
        windowS: Number(flags.seconds),
        say: (line) => void process.stderr.write(`${line}\n`),
      });
      conclude(result, format(result), flags.json);
    });
}

function mustFind(name: string) {
  const kind = cuttable.find((one) => one.name === name);
  if (kind === undefined) throw new Error(`${name} is none of ${cuttable.map((one) => one.name).join(", ")}`);
  return kind;
}

function format({ roomSize, perS, phases }: BusCut): string {
  return [
    `${perS} sends a second in rooms of ${roomSize}; deliveries of acked messages`,
    formatTable(
      ["", "cut", "due", "lost", "doubled", "pairs in another order", "ack p99", "end to end p99", "slowest"],
      phases.map(rowOf),
    ),
  ].join("\n");
}

function rowOf({ title, isCut, connectionsCut, ackMs, endToEndMs, ...faults }: CutPhase): readonly string[] {
  const { due, lost, doubled, pairs, reordered } = faults;
  return [
    title,
    isCut ? `${connectionsCut} connections` : "none",
    ...[due, lost, doubled].map((count) => count.toLocaleString("en-US")),
    `${reordered.toLocaleString("en-US")} (${((100 * reordered) / Math.max(1, pairs)).toFixed(2)} %)`,
    ...[ackMs.p99, endToEndMs.p99, endToEndMs.max].map(formatMs),
  ];
}
