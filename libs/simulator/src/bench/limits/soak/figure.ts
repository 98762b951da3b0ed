import type { TopLevelSpec } from "vega-lite";
import type { Soak } from "./soak.ts";

const MiB = 1_048_576;

/** Memory of each process over the time: resident memory of its own, and what ours hold once garbage is collected. */
export function memoryFigure({ title, processes, perS, roomSize }: Soak): TopLevelSpec {
  const values = processes.flatMap(({ name, samples, collected }) => {
    const point = (panel: string, atS: number, bytes: number) => {
      return { process: name, minutes: atS / 60, MiB: bytes / MiB, panel };
    };
    return [
      ...samples.map(({ atS, ownBytes }) => point(panels[0], atS, ownBytes)),
      ...collected.map(({ atS, heapBytes }) => point(panels[1], atS, heapBytes)),
    ];
  });
  return {
    title: { text: title, subtitle: `${perS} sends a second in rooms of ${roomSize}`, anchor: "start" },
    background: "white",
    data: { values },
    facet: {
      row: {
        field: "panel",
        type: "nominal",
        title: null,
        sort: [...panels],
        header: { labelOrient: "top", labelAngle: 0, labelAnchor: "start" },
      },
    },
    spec: {
      width: 640,
      height: 200,
      mark: { type: "line", strokeWidth: 1.2, interpolate: "linear" },
      encoding: {
        x: { field: "minutes", type: "quantitative", title: "minutes" },
        y: { field: "MiB", type: "quantitative", title: "MiB", scale: { zero: true } },
        color: { field: "process", type: "nominal", title: null, sort: processes.map(({ name }) => name) },
      },
    },
    resolve: { scale: { y: "independent" } },
  };
}

const panels = ["resident while it works, no file's (RssAnon)", "heap once garbage is collected"] as const;
