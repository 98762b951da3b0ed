import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type CpuProfile, selfMsByNode, shortUrl } from "./cpu-profile.ts";

/** One box of a flame graph. */
export interface Frame {
  readonly name: string;
  /** ms, with what was called from it. */
  readonly value: number;
  readonly children: readonly Frame[];
}

interface GrowingFrame {
  readonly name: string;
  value: number;
  readonly children: Map<string, GrowingFrame>;
}

/** The call tree with calls of one function from one place put together; without idling and what took no time. */
export function foldFrames(profile: CpuProfile): Frame {
  const selfMs = selfMsByNode(profile);
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const root: GrowingFrame = { name: "all", value: 0, children: new Map() };
  const visit = (id: number, parent: GrowingFrame): number => {
    const node = byId.get(id);
    if (node === undefined || node.functionName === "(idle)") return 0;
    const place = node.url === "" ? "" : ` ${shortUrl(node.url)}:${node.line}`;
    const name = `${node.functionName}${place}`;
    const frame = parent.children.get(name) ?? { name, value: 0, children: new Map() };
    parent.children.set(name, frame);
    let ms = selfMs.get(id) ?? 0;
    for (const child of node.children) ms += visit(child, frame);
    frame.value += ms;
    return ms;
  };
  const called = new Set(profile.nodes.flatMap(({ children }) => children));
  for (const { id, functionName, children } of profile.nodes) {
    if (called.has(id)) continue;
    // V8's own root stands for all and would only be a second box of the same width.
    for (const top of functionName === "(root)" ? children : [id]) root.value += visit(top, root);
  }
  return settle(root);
}

/** By name, so that the same profile makes the same file. */
function settle({ name, value, children }: GrowingFrame): Frame {
  const kept = [...children.values()].filter((child) => child.value > 0).map(settle);
  return { name, value: Number(value.toFixed(3)), children: kept.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

/**
 * A page that needs no network: d3-flame-graph, what it needs of d3, and the frames are in it. A click on a box shows what
 * is above it in full width; the field marks boxes whose name contains what is typed.
 */
export async function renderFlameGraph(title: string, frames: Frame): Promise<string> {
  const { resolve } = createRequire(import.meta.url);
  const graphFile = resolve("d3-flame-graph");
  const [graph, style, d3] = await Promise.all([
    readFile(graphFile, "utf8"),
    readFile(join(dirname(graphFile), "d3-flamegraph.css"), "utf8"),
    readFile(join(dirname(resolve("d3")), "d3.min.js"), "utf8"),
  ]);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escapeHtml(title)}</title>
<style>${style}
body { font: 14px sans-serif; margin: 16px; }
#search { width: 20em; }
</style>
<h1>${escapeHtml(title)}</h1>
<p><label>Mark: <input id="search" type="search"></label> <button id="reset" type="button">Whole graph</button></p>
<p id="details">&nbsp;</p>
<div id="graph"></div>
<script>${inScript(d3)}</script>
<script>${inScript(graph)}</script>
<script>
const frames = ${jsonInScript(frames)};
const details = document.getElementById("details");
const label = ({ data, value }) =>
  data.name + ": " + value.toFixed(1) + " ms, " + ((100 * value) / frames.value).toFixed(2) + " %";
const chart = flamegraph.default()
  .width(document.body.clientWidth)
  .cellHeight(18)
  .minFrameSize(1)
  .transitionDuration(0)
  .inverted(false)
  .label(label)
  .setDetailsElement(details);
d3.select("#graph").datum(frames).call(chart);
document.getElementById("search").addEventListener("input", ({ target }) =>
  target.value === "" ? chart.clear() : chart.search(target.value));
document.getElementById("reset").addEventListener("click", () => chart.resetZoom());
</script>
</html>
`;
}

export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** No name of a function may end the element: in a string of JavaScript `\\u003c` is `<`. */
function jsonInScript(value: object): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

/** Nothing in a script may end the element that it stands in. **Errors**: throws where something would. */
function inScript(code: string): string {
  if (/<\/script|<!--/i.test(code)) throw new Error("a script that would end its own element");
  return code;
}
