import { readFile, writeFile } from "node:fs/promises";
import type { Provenance } from "../../coefficients/provenance.ts";
import { type AxisName, axes } from "../axes.ts";
import { type AxisGrowth, growthOf } from "../growth.ts";
import type { Point } from "../measure/point.ts";

/** What was measured along one axis, and how: each axis is measured by itself, and may be of another day. */
export interface KeptAxis {
  readonly axis: AxisName;
  readonly provenance: Provenance;
  readonly store: "lmdb" | "mongodb";
  /** Of a window. */
  readonly seconds: number;
  readonly repeats: readonly (readonly Point[])[];
}

/** **Errors**: rejects where the file holds something else; a file that is not there holds nothing. */
export async function readKept(file: string): Promise<readonly KeptAxis[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value) || !value.every(isKept)) throw new Error(`${file} holds no growth that was measured`);
  return value;
}

/** A line a point, so that a new run is a readable difference. */
export async function writeKept(file: string, kept: readonly KeptAxis[]): Promise<void> {
  const list = kept.map(({ repeats, ...facts }) => {
    const rows = repeats.map((points) => `[${points.map((point) => `\n      ${JSON.stringify(point)}`).join(",")}]`);
    return `  {"repeats":[${rows.join(",")}],\n    ${JSON.stringify(facts).slice(1)}`;
  });
  await writeFile(file, `[\n${list.join(",\n")}\n]\n`);
}

/** Of each axis what was measured last, in the order of the axes. */
export function mergeKept(before: readonly KeptAxis[], now: readonly KeptAxis[]): readonly KeptAxis[] {
  return axes.flatMap(({ name }) => {
    const isOf = ({ axis }: KeptAxis): boolean => axis === name;
    return now.find(isOf) ?? before.find(isOf) ?? [];
  });
}

/** Judged by the rules and reasons of today. */
export function growthOfKept({ axis: name, repeats }: KeptAxis): AxisGrowth {
  const axis = axes.find((one) => one.name === name);
  if (axis === undefined) throw new Error(`there is no axis ${name}`);
  return growthOf(axis, repeats);
}

function isKept(value: unknown): value is KeptAxis {
  return (
    typeof value === "object" &&
    value !== null &&
    "axis" in value &&
    axes.some(({ name }) => name === value.axis) &&
    "repeats" in value &&
    Array.isArray(value.repeats) &&
    "provenance" in value
  );
}
