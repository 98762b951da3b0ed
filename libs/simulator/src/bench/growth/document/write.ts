import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { renderSvg } from "../../side-by-side/report/svg.ts";
import { axes } from "../axes.ts";
import { growthChart } from "./chart.ts";
import { growthOfKept, type KeptAxis, mergeKept, readKept, writeKept } from "./kept.ts";
import { formatPage } from "./markdown.ts";

export const keptFile = "growth.json";
const pageFile = "growth.md";
const pictureOf = (axis: string): string => `figures/growth-${axis}.svg`;

/**
 * Writes page, pictures and data into the folder of the documents; of axes that were not measured now what its data
 * already holds. Returns the paths, relative to the folder. **Errors**: rejects where the data there is something else.
 */
export async function writeGrowth(docs: string, measured: readonly KeptAxis[]): Promise<readonly string[]> {
  const kept = mergeKept(await readKept(join(docs, keptFile)), measured);
  await mkdir(join(docs, "figures"), { recursive: true });
  for (const one of kept) {
    const growth = growthOfKept(one);
    const sizes = growth.points.map(({ size }) => size);
    const title = axes.find(({ name }) => name === one.axis)?.title ?? one.axis;
    await writeFile(join(docs, pictureOf(one.axis)), await renderSvg(growthChart(growth, sizes, title)));
  }
  await writeFile(join(docs, pageFile), formatPage(kept, pictureOf));
  await writeKept(join(docs, keptFile), kept);
  return [pageFile, keptFile, ...kept.map(({ axis }) => pictureOf(axis))];
}
