import type { Command } from "commander";
import { readCommitted, writeCommitted } from "./committed.ts";
import { measureAll, runGate } from "./gate.ts";
import { formatGate } from "./report.ts";

interface Flags {
  readonly write: boolean;
  readonly json: boolean;
}

export function addGate(program: Command): void {
  program
    .command("gate")
    .description("what a message costs beside the committed figures: CPU ± 15 %, bytes allocated and counts ± 5 %")
    .option("--write", "measure three times and renew the committed figures (libs/simulator/src/bench/gate)", false)
    .option("--json", "print one JSON object", false)
    .addHelpText(
      "after",
      "\nCPU is told as a multiple of a reference work that runs beside it, slice by slice: no figure is a time.\n" +
        "Exit code 1 where a line is out, to either side: what is better by as much is to be committed.",
    )
    .action(async ({ write, json }: Flags) => {
      const say = (line: string): void => void process.stderr.write(`${line}\n`);
      if (write) return await writeCommitted(await measureAll(say));
      const committed = await readCommitted();
      const lines = await runGate(committed, say);
      process.stdout.write(`${json ? JSON.stringify({ ...committed, lines }) : formatGate(committed, lines)}\n`);
      if (lines.some(({ course }) => course !== "holds")) process.exitCode = 1;
    });
}
