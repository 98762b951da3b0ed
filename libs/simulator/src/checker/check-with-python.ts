import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { isFields } from "../history/content.ts";
import { type Invariant, invariants } from "./violation.ts";

/** What the checker in `libs/simulator/checker`, written apart from the one here, says of one history. */
export interface PythonVerdict {
  readonly counts: Readonly<Record<Invariant, number>>;
  /** The first few of each, with the numbers of the lines that show them. */
  readonly violations: readonly {
    readonly invariant: string;
    readonly message: string;
    readonly lines: readonly number[];
  }[];
  /** How much there was to judge: lines, acks, deliveries and so on. */
  readonly judged: Readonly<Record<string, number>>;
  readonly seconds: number;
}

const script = fileURLToPath(new URL("../../checker/check_history.py", import.meta.url));
const python = "python3";

/**
 * Has the second checker judge this history (JSON lines). Undefined where there is no `python3`.
 * **Errors**: rejects where the file is no history; the message names the line.
 */
export async function checkWithPython(file: string): Promise<PythonVerdict | undefined> {
  return (await checkAllWithPython([file]))?.[0];
}

/** The same for many files in one process, in their order. */
export async function checkAllWithPython(files: readonly string[]): Promise<readonly PythonVerdict[] | undefined> {
  const child = spawn(python, [script, ...files], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  const [output, errors] = [child.stdout, child.stderr].map((stream) => stream.setEncoding("utf8").toArray());
  try {
    await ended;
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw cause;
  }
  const lines = ((await output) ?? []).join("").split("\n").slice(0, -1);
  if (lines.length !== files.length) throw new Error(`the second checker ended: ${((await errors) ?? []).join("")}`);
  return lines.map(parseVerdict);
}

function parseVerdict(json: string): PythonVerdict {
  const found: unknown = JSON.parse(json);
  if (!isFields(found) || typeof found["error"] === "string" || !isFields(found["counts"])) {
    throw new Error(`the second checker can't judge this history: ${json}`);
  }
  const { counts, violations, judged, seconds } = found;
  const count = (invariant: Invariant): number => Number(isFields(counts) ? counts[invariant] : Number.NaN);
  return {
    counts: Object.fromEntries(invariants.map((invariant) => [invariant, count(invariant)])) as PythonVerdict["counts"],
    violations: (Array.isArray(violations) ? violations.filter(isFields) : []).map(({ invariant, message, lines }) => ({
      invariant: String(invariant),
      message: String(message),
      lines: Array.isArray(lines) ? lines.map(Number) : [],
    })),
    judged: Object.fromEntries(Object.entries(isFields(judged) ? judged : {}).map(([name, n]) => [name, Number(n)])),
    seconds: Number(seconds),
  };
}

/** One sentence for each invariant that one of the two found broken and the other did not. */
export function disagreements(
  ours: Readonly<Record<Invariant, number>>,
  theirs: Readonly<Record<Invariant, number>>,
): readonly string[] {
  return invariants
    .filter((invariant) => ours[invariant] > 0 !== theirs[invariant] > 0)
    .map((invariant) => `${invariant}: ${ours[invariant]} by the one in TypeScript, ${theirs[invariant]} in Python`);
}
