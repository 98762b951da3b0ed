import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, InvalidArgumentError } from "commander";
import { formatTable } from "../clients/figures.ts";
import { type CoefficientFile, withProvenance, writeCoefficients } from "./file.ts";
import { readProvenance } from "./provenance.ts";
import { show } from "./reckon/finding.ts";
import { stages } from "./stages/index.ts";

interface Flags {
  readonly only: readonly string[];
  readonly seconds: number;
  readonly repeats: number;
  readonly json: boolean;
  readonly write: boolean;
}

const root = fileURLToPath(new URL("../../../../../", import.meta.url));
const file = "infra/capacity/coefficients.json";

const help = `
The whole takes some nine minutes on two quiet cores. With --only, --write renews those coefficients in ${file}
and leaves the others as they stand; each keeps the date, the machine and the commit that it was measured on.

${stages.map(({ name, title }) => `${name}: ${title}`).join("\n")}`;

export function addCoefficients(program: Command): void {
  const names = stages.map(({ name }) => name);
  program
    .command("coefficients")
    .description("what one message, delivery, connection, page costs: what npm run capacity reckons with")
    .option("--only <stages>", "only these, separated by commas", parseStages, names)
    .option("--seconds <n>", "length of each window", positive, 5)
    .option("--repeats <n>", "of each load", positive, 2)
    .option("--json", "print one JSON object", false)
    .option("--write", `renew ${file}`, false)
    .addHelpText("after", help)
    .action(run);
}

async function run({ only, seconds, repeats, json, write }: Flags): Promise<void> {
  // Before the measurement, which what is changed meanwhile is no part of.
  const provenance = await readProvenance(root, commandOf(process.argv.slice(2)), file, say);
  let measured: CoefficientFile = {};
  for (const stage of stages.filter(({ name }) => only.includes(name))) {
    const beganAt = performance.now();
    say(`${stage.name}: ${stage.title}`);
    const found = withProvenance(await stage.measure({ seconds, repeats, say }), provenance);
    measured = { ...measured, ...found };
    // At once: what was measured must not be lost with a later stage that fails.
    if (write) await writeCoefficients(join(root, file), found);
    say(`${stage.name} took ${((performance.now() - beganAt) / 1_000).toFixed(0)} s`);
  }
  process.stdout.write(`${json ? JSON.stringify(measured) : format(measured)}\n`);
  if (!write) say(`${file} stands as it was (see --write)`);
}

function format(measured: CoefficientFile): string {
  const rows = Object.entries(measured).map(([name, { value, unit, spread, seen }]) => {
    return {
      name,
      seen,
      cells: [show(value), `${show(spread.low)} to ${show(spread.high)} (${spread.samples})`, unit],
    };
  });
  const table = formatTable(
    ["", "value", "spread", "unit"],
    rows.map(({ name, cells }) => [name, ...cells]),
  );
  return [table, ...rows.map(({ name, seen }) => `${name}: ${seen}`)].join("\n");
}

/** As it would be typed. */
function commandOf(args: readonly string[]): string {
  return ["npm run bench --", ...args].join(" ");
}

function parseStages(text: string): readonly string[] {
  const wanted = text.split(",");
  const unknown = wanted.filter((one) => !stages.some(({ name }) => name === one));
  if (unknown.length > 0) throw new InvalidArgumentError(`there is no stage ${unknown.join(", ")}`);
  return wanted;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("a whole number above 0 is needed");
  return value;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
