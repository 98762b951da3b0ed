const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}

export function number(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

export interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
  /** Of sentences: not to be squeezed on a phone. */
  readonly isWide?: boolean;
}

/** `cells` are HTML already. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const kind = (index: number): string => {
    const { isNumber, isWide } = columns[index] ?? {};
    if (isNumber === true) return ' class="n"';
    return isWide === true ? ' class="w"' : "";
  };
  const head = columns.map(({ title }, index) => `<th${kind(index)}>${escaped(title)}</th>`).join("");
  const body = rows.map((cells) => `<tr>${cells.map((cell, index) => `<td${kind(index)}>${cell}</td>`).join("")}</tr>`);
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table></div>`;
}
