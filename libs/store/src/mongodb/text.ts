/**
 * BSON strings are UTF-8, which has no place for half of a surrogate pair; a driver writes U+FFFD instead. Such a text
 * is stored as JSON, which escapes it, behind a mark.
 */
const mark = "\u0001json:";

export function packText(text: string): string {
  return text.isWellFormed() && !text.startsWith(mark) ? text : mark + JSON.stringify(text);
}

export function unpackText(stored: string): string {
  return stored.startsWith(mark) ? String(JSON.parse(stored.slice(mark.length))) : stored;
}

const seqDigits = 16;

/** A string that `$max` compares by its seq first: servers agree on comparing strings, not on comparing documents. */
export function packRanked(seq: number, rest: string): string {
  return `${String(seq).padStart(seqDigits, "0")}:${rest}`;
}

export function unpackRanked(stored: string): { seq: number; rest: string } {
  return { seq: Number(stored.slice(0, seqDigits)), rest: stored.slice(seqDigits + 1) };
}

/** A field name of any id: never a number, never `__proto__`, and ids hold neither "." nor "$". */
export function fieldOf(id: string): string {
  return `k${id}`;
}

export function idOf(field: string): string {
  return field.slice(1);
}
