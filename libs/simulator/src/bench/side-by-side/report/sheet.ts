import { formatTable } from "../../clients/figures.ts";

/** A table, for the terminal and for the documents alike. The first column is a name, the others are figures. */
export interface Sheet {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What stands under it. */
  readonly notes: readonly string[];
}

export function sheetToText({ title, head, rows, notes }: Sheet): string {
  return [title, formatTable(head, rows), ...notes].join("\n");
}

/** The title is a heading of the third level. */
export function sheetToMarkdown({ title, head, rows, notes }: Sheet): string {
  return [`### ${title}`, tableToMarkdown(head, rows), ...notes].join("\n\n");
}

/** Figures to the right, names to the left. */
export function tableToMarkdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, index) => (index === 0 ? "---" : "---:"));
  return [head, rule, ...rows].map(line).join("\n");
}
