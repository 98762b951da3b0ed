import { logger, parse, View, Warn } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";

/** A figure as SVG, rendered without a DOM. **Errors**: rejects where it can't be drawn as it was meant. */
export async function renderSvg(spec: TopLevelSpec): Promise<string> {
  // Vega tells its log alone and draws an empty picture.
  const complaints: string[] = [];
  const log = logger(Warn, undefined, (_method, _level, said) => void complaints.push([...said].join(" ")));
  const view = new View(parse(compile(spec, { logger: log }).spec), { renderer: "none", logger: log });
  try {
    const svg = await view.toSVG();
    if (complaints.length > 0) throw new Error(`a figure can't be drawn: ${complaints.join("; ")}`);
    return svg;
  } finally {
    view.finalize();
  }
}
