import { tableToMarkdown } from "../../side-by-side/report/sheet.ts";
import { axes } from "../axes.ts";
import { type Figure, formatFigure } from "../verdict/figures.ts";
import { flatPerDecade, type Verdict } from "../verdict/verdict.ts";
import { growthOfKept, type KeptAxis } from "./kept.ts";

/** The page of all axes. `pictureOf`: where the picture of an axis is, from the page. */
export function formatPage(kept: readonly KeptAxis[], pictureOf: (axis: string) => string): string {
  const { min, max } = flatPerDecade;
  return [
    "# Cost against size",
    "",
    "Written by `npm run bench -- growth --write` from [growth.json](growth.json); by hand only the reasons, which stand in",
    "`libs/simulator/src/bench/growth/verdict/reasons.ts`. One thing grows at a time, everything else stands; each size runs on a",
    "system started for it and warmed up. CPU is that of all server processes, Redis and the store together, without what",
    "they take when idle.",
    "",
    `A figure is *flat* where it changes by a factor between ${min} and ${max} each time the size becomes ten times as large, or by`,
    "less than can be told from chance here. Of everything else the reason is given.",
    "",
    ...formatOverview(kept),
    ...kept.flatMap((one) => formatAxis(one, pictureOf(one.axis))),
  ].join("\n");
}

function formatOverview(kept: readonly KeptAxis[]): readonly string[] {
  const rows = kept.map((one) => {
    const { verdicts } = growthOfKept(one);
    const names = (course: Verdict["course"]): string =>
      verdicts
        .filter((verdict) => verdict.course === course)
        .map(({ figure, perDecade }) => `${figure.title} (× ${perDecade.toFixed(2)})`)
        .join(", ");
    return [titleOf(one), names("flat"), names("falls"), names("grows")];
  });
  return [
    tableToMarkdown(["what grows", "flat", "falls", "grows"], rows),
    "",
    "In brackets: by what it changes each × 10.",
    "",
  ];
}

function formatAxis(kept: KeptAxis, picture: string): readonly string[] {
  const { provenance, store, seconds, repeats } = kept;
  const { points, verdicts } = growthOfKept(kept);
  const { command, date, machine, node, commit } = provenance;
  const title = titleOf(kept);
  const sizes = points.map(({ size }) => size.toLocaleString("en-US"));
  const medians = repeats.length > 1 ? `, medians of ${repeats.length}` : ", one run";
  const stores = { lmdb: "embedded store", mongodb: "MongoDB wire" };
  const rows = verdicts.map((verdict) => [
    verdict.figure.title,
    ...verdict.values.map((value) => cell(value, verdict.figure)),
    `× ${verdict.perDecade.toFixed(2)}`,
    verdict.course,
  ]);
  const reasons = verdicts.filter(({ course }) => course !== "flat");
  const warnings = points.flatMap((point) => point.warnings);
  return [
    `## ${title}`,
    "",
    `${axes.find(({ name }) => name === kept.axis)?.fixed ?? ""}; ${stores[store]}, windows of ${seconds} s${medians}. \`${command}\`, ${date}, commit ${commit}; ${machine}, Node ${node}.`,
    "",
    `![${title}](${picture})`,
    "",
    tableToMarkdown(["", ...sizes, "each × 10", ""], rows),
    "",
    ...reasons.map(
      ({ figure, course, reason }) => `- **${figure.title} ${course}**: ${reason ?? "NO REASON IS KNOWN."}`,
    ),
    ...warnings.map((warning) => `- Doubtful: ${warning}.`),
    ...(reasons.length + warnings.length > 0 ? [""] : []),
  ];
}

function titleOf({ axis }: KeptAxis): string {
  const title = axes.find(({ name }) => name === axis)?.title ?? axis;
  return title.charAt(0).toUpperCase() + title.slice(1);
}

function cell(value: number, figure: Figure): string {
  return Number.isNaN(value) ? "–" : formatFigure(value, figure);
}
