import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { formatResult, type SideBySide } from "../result.ts";
import type { Line } from "../targets/judge.ts";
import { figuresOf } from "./charts/figures.ts";
import { formatMarkdown } from "./markdown.ts";
import { replaceSection } from "./markers.ts";
import { renderSvg } from "./svg.ts";

const document = "benchmarks.md";
const data = "side-by-side.json";
const figuresFolder = "figures";

/**
 * Writes the section of benchmarks.md, the figures and the data into the folder of the documents; the paths, relative
 * to it. **Errors**: rejects before anything is written where the document has no place for the section.
 */
export async function writeDocuments(
  docs: string,
  result: SideBySide,
  lines: readonly Line[],
): Promise<readonly string[]> {
  const figures = figuresOf(result);
  const pictures = figures.map(({ name, title }) => ({ path: `${figuresFolder}/${name}.svg`, title }));
  const section = formatMarkdown(result, lines, pictures, data);
  const text = replaceSection(await readFile(join(docs, document), "utf8"), section);
  await mkdir(join(docs, figuresFolder), { recursive: true });
  for (const { name, spec } of figures)
    await writeFile(join(docs, figuresFolder, `${name}.svg`), await renderSvg(spec));
  await writeFile(join(docs, data), formatResult(result));
  await writeFile(join(docs, document), text);
  return [document, data, ...pictures.map(({ path }) => path)];
}

/** **Errors**: rejects where {@link writeDocuments} would: better before an hour's run than after it. */
export async function checkDocuments(docs: string): Promise<void> {
  replaceSection(await readFile(join(docs, document), "utf8"), "");
}
