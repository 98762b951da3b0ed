import { readFile, writeFile } from "node:fs/promises";
import { arch, cpus, type } from "node:os";
import type { Figures } from "./measure.ts";

/** What was committed, and on what it was measured. */
export interface Committed {
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  readonly command: string;
  readonly works: Figures;
}

const file = new URL("./figures.json", import.meta.url);
export const writingCommand = "npm run bench -- gate --write";

/** **Errors**: rejects where there is no file yet. */
export async function readCommitted(): Promise<Committed> {
  return JSON.parse(await readFile(file, "utf8")) as Committed;
}

/** Replaces the committed figures by these of this machine. */
export async function writeCommitted(works: Figures): Promise<void> {
  const committed: Committed = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} cores (${cpus()[0]?.model.trim() ?? "unknown"}), ${type()} ${arch()}`,
    node: process.version,
    command: writingCommand,
    works,
  };
  await writeFile(file, `${JSON.stringify(committed, undefined, 2)}\n`);
}
