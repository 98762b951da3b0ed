import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, InvalidArgumentError } from "commander";
import { readProvenance } from "../coefficients/provenance.ts";
import { type AxisName, axes, isAxisName } from "./axes.ts";
import type { KeptAxis } from "./document/kept.ts";
import { keptFile, writeGrowth } from "./document/write.ts";
import { measureGrowth } from "./growth.ts";
import { formatGrowth } from "./report.ts";

interface Flags {
  readonly axis: readonly AxisName[];
  readonly sizes: readonly number[];
  readonly repeats: number;
  readonly seconds: number;
  readonly mongodb: boolean;
  readonly json: boolean;
  readonly write: boolean;
  readonly rewrite: boolean;
}

const root = fileURLToPath(new URL("../../../../../", import.meta.url));
const docs = join(root, "docs");

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
    .option(
      "--write",
      "write docs/growth.md, its data and pictures; axes that are not measured stay as they are there",
      false,
    )
    .option("--rewrite", "write them of the data that is there, measure nothing", false)
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  if (flags.rewrite) return say(`written: ${(await writeGrowth(docs, [])).join(", ")}`);
  const store = flags.mongodb ? "mongodb" : "lmdb";
  const { seconds } = flags;
  const command = ["npm run bench --", ...process.argv.slice(2)].join(" ");
  // Before hours of measuring: of code that nobody knows they would be of no use.
  const provenance = flags.write ? await readProvenance(root, command, join("docs", keptFile), say) : undefined;
  const growths = await measureGrowth({
    axes: flags.axis,
    sizes: flags.sizes,
    repeats: flags.repeats,
    seconds,
    store,
    say,
  });
  process.stdout.write(`${flags.json ? JSON.stringify(growths) : formatGrowth(growths)}\n`);
  if (provenance === undefined) return;
  const kept = growths.map(({ axis, repeats }): KeptAxis => ({ axis, provenance, store, seconds, repeats }));
  say(`written: ${(await writeGrowth(docs, kept)).join(", ")}`);
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
