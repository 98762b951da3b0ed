import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { readMachine } from "../side-by-side/measure/machine.ts";
import type { Coefficient } from "./names.ts";

/** Where, when and of which code a measurement is. */
export type Provenance = Pick<Coefficient, "command" | "date" | "machine" | "node" | "commit">;

const gibi = 1_073_741_824;

/** **Errors**: rejects outside of a git work tree: figures of unknown code are of no use to anybody. */
export async function readProvenance(
  root: string,
  command: string,
  file: string,
  say: (line: string) => void,
): Promise<Provenance> {
  const { cpu, cores, memoryBytes, kernel, node, redis } = await readMachine(say);
  return {
    command,
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpu}, ${cores} cores, ${Math.round(memoryBytes / gibi)} GiB, Linux ${kernel}, Redis ${redis}`,
    node,
    commit: await readCommit(root, file),
  };
}

/** `file` is what is about to be written: that it has changed says nothing of the code. */
async function readCommit(root: string, file: string): Promise<string> {
  const git = async (...args: readonly string[]): Promise<string> => {
    return (await promisify(execFile)("git", args, { cwd: root })).stdout.trim();
  };
  const head = await git("rev-parse", "--short=12", "HEAD");
  const changed = await git("status", "--porcelain", "--untracked-files=all", "--", ".", `:(exclude)${file}`);
  return changed === "" ? head : `${head}+`;
}
