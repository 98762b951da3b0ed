import { graphemes, widthOf } from "../plain-text.ts";

/** A line being written: its graphemes, and the cursor before one of them. Never changed in place. */
export interface InputBuffer {
  readonly parts: readonly string[];
  readonly at: number;
}

export const emptyInput: InputBuffer = { parts: [], at: 0 };

export function textOf({ parts }: InputBuffer): string {
  return parts.join("");
}

export function inputOf(text: string): InputBuffer {
  const parts = graphemes(text);
  return { parts, at: parts.length };
}

/** Inserts text at the cursor. What is joined with its neighbours (an accent, a skin tone) is counted anew. */
export function insert({ parts, at }: InputBuffer, text: string): InputBuffer {
  const before = parts.slice(0, at).join("") + text;
  const cursor = graphemes(before).length;
  return { parts: graphemes(before + parts.slice(at).join("")), at: cursor };
}

export function move({ parts, at }: InputBuffer, by: number): InputBuffer {
  return { parts, at: Math.min(parts.length, Math.max(0, at + by)) };
}

export function removeBefore({ parts, at }: InputBuffer): InputBuffer {
  if (at === 0) return { parts, at };
  return { parts: [...parts.slice(0, at - 1), ...parts.slice(at)], at: at - 1 };
}

/** Takes out the word before the cursor and the blanks behind it. */
export function removeWordBefore({ parts, at }: InputBuffer): InputBuffer {
  let from = at;
  while (from > 0 && parts[from - 1] === " ") from -= 1;
  while (from > 0 && parts[from - 1] !== " ") from -= 1;
  return { parts: [...parts.slice(0, from), ...parts.slice(at)], at: from };
}

export function removeAllBefore({ parts, at }: InputBuffer): InputBuffer {
  return { parts: parts.slice(at), at: 0 };
}

export function removeAllAfter({ parts, at }: InputBuffer): InputBuffer {
  return { parts: parts.slice(0, at), at };
}

/** The part of the line around the cursor that fits into `width` columns, as three pieces: before, under, after. */
export function visiblePart({ parts, at }: InputBuffer, width: number): readonly [string, string, string] {
  const shown = parts.map((part) => (part === "\n" ? "⏎" : part));
  const under = shown[at] ?? " ";
  let before = "";
  let used = widthOf(under);
  for (let index = at - 1; index >= 0; index -= 1) {
    const part = shown[index] ?? "";
    if (used + widthOf(part) > width) break;
    before = part + before;
    used += widthOf(part);
  }
  let after = "";
  for (const part of shown.slice(at + 1)) {
    if (used + widthOf(part) > width) break;
    after += part;
    used += widthOf(part);
  }
  return [before, under, after];
}
