import stringWidth from "string-width";

// Controls and bidirectional controls: in a terminal they move the cursor, change the title or turn lines round, and a
// message is written by somebody else.
const dangerous = /[\p{Cc}\p{Bidi_Control}]/gu;
const harmless: Readonly<Record<string, string>> = { "\n": "\n", "\t": "  " };
const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Text as it may be shown: without what a terminal would obey. Line feeds stay, for the caller to break lines at. */
export function plain(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(dangerous, (character) => harmless[character] ?? "");
}

/** What people call characters: an emoji with its skin tone, a letter with its accents. */
export function graphemes(text: string): readonly string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** Columns on the screen. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** Fills up to `width` columns with blanks, or cuts with "…" what is longer. */
export function fit(text: string, width: number): string {
  const missing = width - widthOf(text);
  if (missing >= 0) return text + " ".repeat(missing);
  if (width <= 0) return "";
  const kept = cut(text, width - 1);
  return `${kept}…${" ".repeat(Math.max(0, width - 1 - widthOf(kept)))}`;
}

/** The longest beginning of whole graphemes within `width` columns. */
export function cut(text: string, width: number): string {
  let kept = "";
  let used = 0;
  for (const grapheme of graphemes(text)) {
    used += widthOf(grapheme);
    if (used > width) break;
    kept += grapheme;
  }
  return kept;
}

/** Breaks text into lines of at most `width` columns: at line feeds, else at blanks, else within a word. */
export function wrap(text: string, width: number): readonly string[] {
  return plain(text)
    .split("\n")
    .flatMap((line) => wrapLine(line, Math.max(1, width)));
}

function wrapLine(line: string, width: number): readonly string[] {
  if (widthOf(line) <= width) return [line];
  const lines: string[] = [];
  let current = "";
  let used = 0;
  for (const word of line.split(/(?<= )/)) {
    const wordWidth = widthOf(word.trimEnd());
    if (used > 0 && used + wordWidth > width) {
      lines.push(current.trimEnd());
      current = "";
      used = 0;
    }
    if (wordWidth <= width) {
      current += word;
      used += widthOf(word);
      continue;
    }
    for (const grapheme of graphemes(word)) {
      const graphemeWidth = widthOf(grapheme);
      if (used > 0 && used + graphemeWidth > width) {
        lines.push(current);
        current = "";
        used = 0;
      }
      current += grapheme;
      used += graphemeWidth;
    }
  }
  lines.push(current.trimEnd());
  return lines;
}
