import { type Command, InvalidArgumentError } from "commander";
import { type AxisName, axes, isAxisName } from "./axes.ts";
import { measureGrowth } from "./growth.ts";
import { formatGrowth } from "./report.ts";

interface Flags {
  readonly axis: readonly AxisName[];
  readonly sizes: readonly number[];
  readonly repeats: number;
  readonly seconds: number;
  readonly mongodb: boolean;
  readonly json: boolean;
}

export function addGrowth(program: Command): void {
  const names = axes.map(({ name }) => name);
  program
    .command("growth")
    .description("cost against size: one thing grows a hundredfold, everything else stands; flat, or the reason")
    .option("--axis <names>", `some of ${names.join(",")}`, parseAxes, names)
    .option("--sizes <n>", "only these sizes of the axis, such as 10,1000", parseSizes, [])
    .option("--repeats <n>", "of which medians are taken", positive, 1)
    .option("--seconds <n>", "length of the window, and of the idle one before it", positive, 10)
    .option("--mongodb", "the MongoDB-wire store instead of LMDB", false)
    .option("--json", "print one JSON object", false)
    .action(async (flags: Flags) => {
      const growths = await measureGrowth({
        axes: flags.axis,
        sizes: flags.sizes,
        repeats: flags.repeats,
        seconds: flags.seconds,
        store: flags.mongodb ? "mongodb" : "lmdb",
        say: (line) => void process.stderr.write(`${line}\n`),
      });
      process.stdout.write(`${flags.json ? JSON.stringify(growths) : formatGrowth(growths)}\n`);
    });
}

function parseAxes(text: string): readonly AxisName[] {
  const names = text.split(",");
  const unknown = names.filter((name) => !isAxisName(name));
  if (unknown.length > 0) throw new InvalidArgumentError(`there is no axis ${unknown.join(", ")}`);
  return names.filter(isAxisName);
}

function parseSizes(text: string): readonly number[] {
  return text.split(",").map(positive);
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("a number above 0 is needed");
  return value;
}
