const begin = "<!-- side-by-side: begin -->";
const end = "<!-- side-by-side: end -->";

/**
 * The document with another text between the two markers; all else stands byte for byte.
 * **Repeat**: the same section again changes nothing. **Errors**: throws where not exactly one of each marker stands
 * there, in this order.
 */
export function replaceSection(document: string, section: string): string {
  const from = onlyPlaceOf(begin, document) + begin.length;
  const to = onlyPlaceOf(end, document);
  if (to < from) throw new Error(`${JSON.stringify(end)} stands before ${JSON.stringify(begin)}`);
  return `${document.slice(0, from)}\n${section}\n${document.slice(to)}`;
}

function onlyPlaceOf(marker: string, document: string): number {
  const at = document.indexOf(marker);
  if (at === -1)
    throw new Error(
      `the line ${JSON.stringify(marker)} is missing: the section is written between it and its other half`,
    );
  if (document.indexOf(marker, at + 1) !== -1) throw new Error(`${JSON.stringify(marker)} stands there twice`);
  return at;
}
