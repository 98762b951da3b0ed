import { fileURLToPath } from "node:url";
import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import { profileScenario } from "./profile.ts";
import { formatProfile } from "./report.ts";
import { type Layout, layouts, type ProfilePace, scenarios } from "./scenarios.ts";

interface Flags {
  readonly layout: Layout;
  readonly mongodb: boolean;
  readonly saturated: boolean;
  readonly half: boolean;
  readonly rate?: number;
  readonly members?: number;
  readonly inFlight?: number;
  readonly seconds: number;
  readonly sampling: number;
  readonly rows: number;
  readonly out: string;
  readonly json: boolean;
}

const outDefault = fileURLToPath(new URL("../../../../../.cache/profile/", import.meta.url));

export function addProfile(program: Command): void {
  const names = scenarios.map(({ name }) => name);
  const table = scenarios.map(({ name, about }) => `  ${name.padEnd(12)}${about}`).join("\n");
  program
    .command("profile")
    .description("a CPU profile of each gateway and chat server: flame graphs, self times, event loop delay")
    .addArgument(new Argument("<scenario>", "what they do meanwhile").choices(names))
    .addHelpText("after", `\nScenarios:\n${table}`)
    .addOption(new Option("--layout <name>", "roles in processes").choices(Object.keys(layouts)).default("split"))
    .option("--mongodb", "the MongoDB-wire store instead of LMDB", false)
    .addOption(new Option("--saturated", "as much as goes, the default").conflicts(["half", "rate"]).default(false))
    .addOption(new Option("--half", "half of what goes, which is measured first").conflicts("rate").default(false))
    .option("--rate <n>", "so many sends a second", positive)
    .option("--members <n>", "people, instead of the scenario's number", positive)
    .option("--in-flight <n>", "messages under way at once when saturated", positive)
    .option("--seconds <n>", "length of the window", positive, 8)
    .option("--sampling <us>", "µs between two samples", positive, 500)
    .option("--rows <n>", "functions in the table", positive, 40)
    .option("--out <folder>", "where the files go", outDefault)
    .option("--json", "print one JSON object", false)
    .action(async (name: string, flags: Flags) => {
      const scenario = scenarios.find((one) => one.name === name);
      if (scenario === undefined) throw new Error(`no scenario ${name}`);
      const profiled = await profileScenario({
        scenario,
        layout: flags.layout,
        store: flags.mongodb ? "mongodb" : "lmdb",
        pace: paceOf(flags),
        members: flags.members ?? scenario.members,
        inFlight: flags.inFlight ?? scenario.inFlight,
        seconds: flags.seconds,
        samplingUs: flags.sampling,
        out: flags.out,
        say: (line) => void process.stderr.write(`${line}\n`),
      });
      process.stdout.write(`${flags.json ? JSON.stringify(profiled) : formatProfile(profiled, flags.rows)}\n`);
    });
}

function paceOf({ half, rate }: Flags): ProfilePace {
  if (half) return "half";
  return rate === undefined ? "saturated" : { perS: rate };
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("a number above 0 is needed");
  return value;
}
