import { modes, modeTitles, type Plan } from "../plan.ts";
import { type Cell, cellsOf, type Quantiles, type SideBySide } from "../result.ts";
import { formatMedian, formatNumber, formatSummary } from "../statistics/format.ts";
import { ratiosOf } from "../statistics/pairs.ts";
import { summaryOf } from "../statistics/summary.ts";
import { formatFaults } from "../targets/fault-target.ts";
import { markSigns, marksOf } from "../targets/marks.ts";
import type { Mark } from "../targets/target.ts";
import { shortTitleOf } from "./names.ts";
import type { Sheet } from "./sheet.ts";
import { explainMarks } from "./target-sheet.ts";

/** Of one room size: what deliveries cost, and how long they took and what went wrong. */
export function roomSheets(result: SideBySide, roomSize: number): readonly Sheet[] {
  const rooms = `Rooms of ${roomSize.toLocaleString("en-US")}`;
  const scenes = scenesOf(result, roomSize);
  const marks = [...new Set(scenes.flatMap(({ cells }) => marksOf(cells)))];
  return [
    {
      title: `${rooms}: CPU and throughput`,
      head: costHead,
      rows: scenes.map((scene) => [nameOf(scene), ...costRow(scene)]),
      notes: [`CPU is ms per 1,000 deliveries. ${explainMarks(marks)}`.trim()],
    },
    {
      title: `${rooms}: latency, memory and faults`,
      head: [
        "system, rate",
        "ack p50 / p95 / p99, ms",
        "end to end p50 / p95 / p99, ms",
        "RSS busy, MiB",
        "a connection, KiB",
        "lost",
        "left to the history",
        "doubled",
        "in different order",
        "refused",
        "left undone",
      ],
      rows: scenes.map((scene) => [nameOf(scene), ...timeRow(scene, result.plan)]),
      notes: [
        "RSS is that of all server processes together; of a connection: above what they had before anybody came. Left undone: sends without an answer 20 s after the last, on a system that is started anew then.",
      ],
    },
  ];
}

interface Scene {
  readonly system: string;
  readonly modeTitle: string;
  readonly cells: readonly Cell[];
  readonly marks: readonly Mark[];
  readonly socketIo: readonly Cell[];
  readonly glue: readonly Cell[];
}

/** Those that anything was measured of, by mode and then by system. */
function scenesOf(result: SideBySide, roomSize: number): readonly Scene[] {
  return modes
    .flatMap((mode) =>
      result.plan.systems.map((system) => {
        const of = (name: string): readonly Cell[] => cellsOf(result, { system: name, roomSize, mode });
        const cells = of(system);
        const modeTitle = modeTitles[mode];
        return { system, modeTitle, cells, marks: marksOf(cells), socketIo: of("socket.io"), glue: of("glue") };
      }),
    )
    .filter(({ cells }) => cells.length > 0);
}

function nameOf({ system, modeTitle, marks }: Scene): string {
  return `${shortTitleOf(system)}, ${modeTitle}${marks.map((mark) => markSigns[mark]).join("")}`;
}

const costHead = [
  "system, rate",
  "server CPU",
  "× Socket.IO",
  "× the glue",
  "Redis CPU",
  "store CPU",
  "deliveries/s",
  "× Socket.IO",
  "× the glue",
  "sends/s",
  "generator busy",
];

function costRow({ cells, socketIo, glue }: Scene): readonly string[] {
  const cpu = (cell: Cell): number => cell.serverCpuMs;
  const rate = (cell: Cell): number => cell.deliveriesPerS;
  const median = (of: (cell: Cell) => number): string => formatMedian(summaryOf(cells.map(of)));
  return [
    formatSummary(summaryOf(cells.map(cpu))),
    formatSummary(ratiosOf(cells, socketIo, cpu)),
    formatSummary(ratiosOf(cells, glue, cpu)),
    median(({ redisCpuMs }) => redisCpuMs),
    median(({ storeCpuMs }) => storeCpuMs),
    formatSummary(summaryOf(cells.map(rate))),
    formatSummary(ratiosOf(cells, socketIo, rate)),
    formatSummary(ratiosOf(cells, glue, rate)),
    median(({ sendsPerS }) => sendsPerS),
    median(({ busy }) => busy),
  ];
}

function timeRow({ cells }: Scene, { members }: Plan): readonly string[] {
  const median = (of: (cell: Cell) => number): number => summaryOf(cells.map(of))?.median ?? 0;
  const quantiles = (of: (cell: Cell) => Quantiles): string =>
    [(q: Quantiles) => q.p50, (q: Quantiles) => q.p95, (q: Quantiles) => q.p99]
      .map((at) => formatNumber(median((cell) => at(of(cell)))))
      .join(" / ");
  const sum = (of: (cell: Cell) => number): string =>
    cells.reduce((total, cell) => total + of(cell), 0).toLocaleString("en-US");
  return [
    quantiles(({ ackMs }) => ackMs),
    quantiles(({ endToEndMs }) => endToEndMs),
    formatNumber(median(({ busyBytes }) => busyBytes / 1_048_576)),
    formatNumber(median(({ busyBytes, restBytes }) => (busyBytes - restBytes) / 1_024 / members)),
    formatFaults(cells, "lost"),
    sum(({ announced }) => announced),
    formatFaults(cells, "doubled"),
    formatFaults(cells, "reordered"),
    sum(({ refused }) => refused),
    sum(({ unsettled }) => unsettled),
  ];
}
