import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Report } from "@parley/simulator";

/** What the checker in Python, written apart from ours, makes of a history. */
export interface SecondVerdict {
  readonly counts: Readonly<Record<string, number>>;
  readonly shown: readonly string[];
}

const script = fileURLToPath(new URL("../../../../libs/simulator/checker/check_history.py", import.meta.url));
const withinMs = 300_000;
const outputBytesMax = 64 * 1024 * 1024;

/** Undefined where there is no Python, or no second checker. **Errors**: rejects when it cannot read the history. */
export async function askSecondChecker(historyFile: string): Promise<SecondVerdict | undefined> {
  if (!(await isThere(script))) return undefined;
  let output: string;
  try {
    output = await run(historyFile);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    if (error.code === "ENOENT") return undefined;
    output = "stdout" in error ? String(error.stdout) : "";
    // 1: it found something, which is in what it printed; anything else: it could not judge.
    if (error.code !== 1)
      throw new Error(`the second checker could not read ${historyFile}: ${output}`, { cause: error });
  }
  const { counts, violations } = JSON.parse(output) as {
    counts: Record<string, number>;
    violations: { invariant: string; message: string }[];
  };
  return { counts, shown: violations.map(({ invariant, message }) => `${invariant}: ${message}`) };
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

async function run(historyFile: string): Promise<string> {
  const options = { timeout: withinMs, maxBuffer: outputBytesMax };
  return (await promisify(execFile)("python3", [script, historyFile], options)).stdout;
}

/** Both must find the same invariants broken, of those that both look for; how often, each counts in its own way. */
export function disagreements(first: Report["violations"], second: SecondVerdict): readonly string[] {
  return Object.entries(first).flatMap(([invariant, count]) => {
    const other = second.counts[invariant];
    if (other === undefined || other > 0 === count > 0) return [];
    return [`${invariant}: the first checker counts ${count}, the second ${other}`];
  });
}
