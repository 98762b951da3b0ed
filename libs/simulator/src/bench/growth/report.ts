import { formatTable } from "../clients/figures.ts";
import { axes } from "./axes.ts";
import type { AxisGrowth } from "./growth.ts";
import type { Point } from "./measure/point.ts";
import { formatFigure } from "./verdict/figures.ts";
import type { Verdict } from "./verdict/verdict.ts";

export function formatGrowth(growths: readonly AxisGrowth[]): string {
  return growths.map(formatAxis).join("\n\n");
}

function formatAxis({ axis: name, points, repeats, verdicts }: AxisGrowth): string {
  const axis = axes.find((one) => one.name === name);
  const sizes = points.map(({ size }) => size.toLocaleString("en-US"));
  const rows = verdicts.map((verdict) => [
    verdict.figure.title,
    ...verdict.values.map((value) => formatFigure(value, verdict.figure)),
    `× ${verdict.ratio.toFixed(2)}`,
    `× ${verdict.perDecade.toFixed(2)}`,
    verdict.course,
  ]);
  return [
    `== ${axis?.title ?? name} (${axis?.fixed ?? ""}${repeats.length > 1 ? `; medians of ${repeats.length}` : ""})`,
    formatTable(["", ...sizes, "largest/smallest", "each × 10", ""], rows),
    formatTable(["by role", ...sizes], rowsByRole(points)),
    ...commandLines(points),
    ...verdicts.filter(({ course }) => course !== "flat").map(formatReason),
    ...points.flatMap(({ warnings }) => warnings.map((warning) => `WARNING: ${warning}`)),
  ].join("\n");
}

function formatReason({ figure, course, reason }: Verdict): string {
  return `${figure.title} ${course}: ${reason ?? "NO REASON IS KNOWN"}`;
}

function rowsByRole(points: readonly Point[]): readonly (readonly string[])[] {
  const roles = [...new Set(points.flatMap((point) => Object.keys(point.roles)))];
  return roles.flatMap((role) => {
    const of = (read: (figures: Point["roles"][string]) => string): readonly string[] =>
      points.map(({ roles: found }) => {
        const figures = found[role];
        return figures === undefined ? "" : read(figures);
      });
    return [
      [`${role}: CPU a message`, ...of(({ cpuAMessage }) => `${cpuAMessage.toFixed(3)} ms`)],
      [`${role}: CPU when idle`, ...of(({ idleCpu }) => `${idleCpu.toFixed(1)} ms/s`)],
      [`${role}: RSS (without files)`, ...of((one) => `${one.residentMiB.toFixed(0)} (${one.ownMiB.toFixed(0)}) MiB`)],
    ];
  });
}

function commandLines(points: readonly Point[]): readonly string[] {
  return points.map(({ size, commands }) => {
    const list = Object.entries(commands).sort(([, a], [, b]) => b - a);
    const shown = list.map(([name, calls]) => `${name} ${calls.toFixed(2)}`).join(", ");
    return `Redis commands a message at ${size.toLocaleString("en-US")}: ${shown === "" ? "none" : shown}`;
  });
}
