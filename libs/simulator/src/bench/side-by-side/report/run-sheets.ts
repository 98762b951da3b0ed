import { bytesAConnection, type IdleCell, type SideBySide } from "../result.ts";
import { formatSummary } from "../statistics/format.ts";
import { ratiosOf } from "../statistics/pairs.ts";
import { summaryOf } from "../statistics/summary.ts";
import { formatFaults } from "../targets/fault-target.ts";
import { shortTitleOf } from "./names.ts";
import type { Sheet } from "./sheet.ts";

/** What an idle connection holds; nothing where none was measured. */
export function idleSheets({ idle, plan }: SideBySide): readonly Sheet[] {
  const [first] = idle;
  if (first === undefined) return [];
  const cells = (wanted: string): readonly IdleCell[] => idle.filter(({ system }) => system === wanted);
  const kib = (cell: IdleCell): number => bytesAConnection(cell) / 1_024;
  const mib = (of: (cell: IdleCell) => number, system: string): string =>
    formatSummary(summaryOf(cells(system).map((cell) => of(cell) / 1_048_576)));
  return [
    {
      title: "An idle connection",
      head: ["system", "RSS before, MiB", "RSS after, MiB", "a connection, KiB", "× Socket.IO", "× the glue"],
      rows: plan.systems
        .filter((system) => cells(system).length > 0)
        .map((system) => [
          shortTitleOf(system),
          mib(({ beforeBytes }) => beforeBytes, system),
          mib(({ afterBytes }) => afterBytes, system),
          formatSummary(summaryOf(cells(system).map(kib))),
          formatSummary(ratiosOf(cells(system), cells("socket.io"), kib)),
          formatSummary(ratiosOf(cells(system), cells("glue"), kib)),
        ]),
      notes: [
        `${first.connections.toLocaleString("en-US")} connections in no room, server processes started for it and read ${plan.settleS} s after their start and ${plan.settleS} s after the last connection came; all server processes of a system together.`,
      ],
    },
  ];
}

/** Over all rooms, rates and repeats. */
export function faultSheet({ cells, plan }: SideBySide): Sheet {
  const of = (wanted: string) => cells.filter(({ system }) => system === wanted);
  const sum = (system: string, field: "due" | "announced" | "pairs" | "socketsClosed"): string =>
    of(system)
      .reduce((total, cell) => total + cell[field], 0)
      .toLocaleString("en-US");
  return {
    title: "Lost, doubled, in different order",
    head: [
      "system",
      "deliveries owed",
      "lost",
      "left to the history",
      "doubled",
      "pairs compared",
      "in different order",
      "sockets closed",
    ],
    rows: plan.systems.map((system) => [
      shortTitleOf(system),
      sum(system, "due"),
      formatFaults(of(system), "lost"),
      sum(system, "announced"),
      formatFaults(of(system), "doubled"),
      sum(system, "pairs"),
      formatFaults(of(system), "reordered"),
      sum(system, "socketsClosed"),
    ]),
    notes: [
      "Lost: acked, and not with some member 10 s later, nor announced to it as left to the history (a gap). In different order: messages that one member of a room saw one right after the other, and another the other way round.",
    ],
  };
}

/** Nothing where everything was measured. */
export function failureSheets({ failures }: SideBySide): readonly Sheet[] {
  if (failures.length === 0) return [];
  return [
    {
      title: "What failed",
      head: ["system", "repeat", "during", "why"],
      rows: failures.map(({ system, repeat, during, why }) => [
        shortTitleOf(system),
        String(repeat),
        during,
        why.replaceAll("|", "/"),
      ]),
      notes: [],
    },
  ];
}
