import { ConfigError } from "@parley/config";
import { tellParent } from "./child-message.ts";
import type { ProcessPorts } from "./ports.ts";
import { runNode } from "./run-node.ts";
import { nodeTable } from "./settings.ts";

const about = "Runs one process of a Parley fleet.";

function say(line: string): void {
  if (process.connected) tellParent({ kind: "say", line });
  else process.stderr.write(`${line}\n`);
}

/** Reads the settings of this process and runs it; a failed start ends the process with a sentence and a code. */
export async function runNodeCommand(wrap?: (ports: ProcessPorts) => ProcessPorts): Promise<void> {
  try {
    const parsed = nodeTable.parse(process.argv.slice(2), process.env, about);
    if (parsed.kind === "help") process.stdout.write(parsed.text);
    else await runNode(parsed.config, say, wrap);
  } catch (error) {
    process.stderr.write(`parley: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(error instanceof ConfigError ? 2 : 1);
  }
}
