import { createHash } from "node:crypto";
import { frameDefinitions, plain } from "./json-schema.ts";

/** Hash of all that the schemas require, without descriptions, defaults and the order of the fields. */
export function wireHash(): string {
  const wire = frameDefinitions.map(({ name, schema }) => [name, sorted(plain(schema))]);
  return createHash("sha256").update(JSON.stringify(wire)).digest("hex").slice(0, 16);
}

function sorted(value: unknown): unknown {
  // The order of names in `required` and `enum` means nothing either.
  if (Array.isArray(value))
    return value.every((item) => typeof item === "string") ? value.toSorted() : value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .filter(([key, part]) => !(isProse(key) && typeof part !== "object"))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, part]) => [key, sorted(part)]);
}

/** A *property* named like this has a schema, an object, for its value, and stays. */
function isProse(key: string): boolean {
  return key === "description" || key === "default";
}
