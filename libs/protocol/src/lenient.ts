import type { TSchema } from "typebox";

/** Keywords that say how long, how many, or which of some: what a newer server may stretch. */
const bounds: ReadonlySet<string> = new Set([
  ...[
    "pattern",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "maximum",
    "enum",
    "description",
    "additionalProperties",
  ],
]);

/**
 * The same schema with its bounds taken out: which fields there are, which of them are required and of what JSON type
 * they are. A client that is older than its server must not throw away a message for being longer than it knew.
 */
export function lenient(schema: TSchema): TSchema {
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([keyword]) => !bounds.has(keyword))
      .map(([keyword, value]) => [keyword, lenientPart(keyword, value)]),
  );
}

function lenientPart(keyword: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (keyword === "items") return lenient(value);
  if (keyword === "anyOf" && Array.isArray(value)) return value.map((part) => lenient(part));
  if (keyword !== "properties" && keyword !== "patternProperties") return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, lenient(part)]));
}
