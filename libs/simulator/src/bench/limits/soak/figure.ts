import type { TopLevelSpec } from "vega-lite";
import type { Soak } from "./soak.ts";

const MiB = 1_048_576;

/** Memory of each process over the time: resident memory of its own, and used heap of those that tell it. */
export function memoryFigure({ title, processes, perS, roomSize }: Soak): TopLevelSpec {
  const values = processes.flatMap(({ name, samples }) =>
    samples.flatMap(({ atS, ownBytes, heapUsedBytes }) => [
      { process: name, minutes: atS / 60, MiB: ownBytes / MiB, panel: panels[0] },
      ...(heapUsedBytes === undefined
        ? []
        : [{ process: name, minutes: atS / 60, MiB: heapUsedBytes / MiB, panel: panels[1] }]),
    ]),
  );
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

const panels = ["resident, no file's (RssAnon)", "used heap"] as const;
