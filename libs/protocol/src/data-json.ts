import { limits } from "./fields.ts";

/** Length of a text in bytes of UTF-8, without building them. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    // Each half of a surrogate pair counts two: four bytes a pair.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}

export type DataJson =
  | { readonly ok: true; readonly json: string }
  | { readonly ok: false; readonly isTooLarge: boolean; readonly expected: string };

/**
 * Serialises an application's object once, as it is stored, hashed and sent from then on. Refuses what would not
 * come back as it went: numbers beyond a double (`1e400`) and lone surrogates.
 * **Bounds**: 8 KiB of UTF-8 and 6 levels, the object itself counted. Values come from `JSON.parse` (no cycles).
 */
export function encodeData(data: object): DataJson {
  const fault = findFault(data, 1);
  if (fault !== undefined) return { ok: false, isTooLarge: false, expected: fault };
  const json = JSON.stringify(data);
  if (utf8Bytes(json) > limits.dataBytesMax) {
    return { ok: false, isTooLarge: true, expected: "at most 8,192 bytes as JSON" };
  }
  return { ok: true, json };
}

function findFault(value: unknown, level: number): string | undefined {
  if (typeof value === "string") return value.isWellFormed() ? undefined : wellFormedWords;
  if (typeof value === "number") return Number.isFinite(value) ? undefined : "free of numbers beyond a double";
  if (typeof value !== "object" || value === null) return undefined;
  if (level > limits.dataDepthMax) return "at most 6 levels deep";
  if (Array.isArray(value)) {
    for (const item of value) {
      const fault = findFault(item, level + 1);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
  for (const [key, item] of Object.entries(value)) {
    const fault = key.isWellFormed() ? findFault(item, level + 1) : wellFormedWords;
    if (fault !== undefined) return fault;
  }
  return undefined;
}

const wellFormedWords = "well-formed Unicode, without lone surrogates";
