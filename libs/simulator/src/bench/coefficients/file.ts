import { readFile, writeFile } from "node:fs/promises";
import { type Coefficient, type CoefficientName, coefficientUnits, type Findings, isCoefficientName } from "./names.ts";
import type { Provenance } from "./provenance.ts";

export type CoefficientFile = Partial<Record<CoefficientName, Coefficient>>;

/** Puts to each finding its unit, and whence it is. */
export function withProvenance(findings: Findings, provenance: Provenance): CoefficientFile {
  const entries = Object.entries(findings).map(([name, finding]) => {
    if (!isCoefficientName(name)) throw new Error(`there is no coefficient ${name}`);
    return [name, { ...finding, unit: coefficientUnits[name], ...provenance }];
  });
  return Object.fromEntries(entries);
}

/**
 * Writes what was measured into the file. What it holds of coefficients that were not measured now stays, with their own
 * provenance; what the model no longer has goes. **Errors**: rejects where a file is there that is no JSON.
 */
export async function writeCoefficients(file: string, measured: CoefficientFile): Promise<void> {
  const kept = await readOrEmpty(file);
  const entries = Object.keys(coefficientUnits).flatMap((name) => {
    const coefficient = isCoefficientName(name) ? (measured[name] ?? kept[name]) : undefined;
    return coefficient === undefined ? [] : [[name, coefficient]];
  });
  await writeFile(file, `${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n`);
}

async function readOrEmpty(file: string): Promise<CoefficientFile> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return {};
    throw cause;
  }
}
