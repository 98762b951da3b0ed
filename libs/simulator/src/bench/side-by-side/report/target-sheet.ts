import type { SideBySide } from "../result.ts";
import { formatSummary } from "../statistics/format.ts";
import { summaryOf } from "../statistics/summary.ts";
import { describe, type Line, type Verdict } from "../targets/judge.ts";
import { markMeanings, markSigns } from "../targets/marks.ts";
import type { Mark } from "../targets/target.ts";
import { shortTitleOf } from "./names.ts";
import type { Sheet } from "./sheet.ts";

/** What must be reached, what was found, and whether it holds: a row a line, a column a layout of ours. */
export function targetSheet(lines: readonly Line[], { plan, storeCommits }: SideBySide): Sheet {
  const layouts = plan.systems.filter((system) => system.startsWith("parley"));
  return {
    title: "What must be reached",
    head: ["figure", "against", "must be", "theirs", ...layouts],
    rows: lines.map(({ target, theirs, verdicts }) => [
      target.scene === "" ? target.figure : `${target.figure}, ${target.scene}`,
      shortTitleOf(target.against),
      target.limit,
      theirs,
      ...verdicts.map(formatVerdict),
    ]),
    notes: [
      `Ratios of ours over theirs, repeat by repeat: the median, and the least and the most in brackets. What has no verdict is shown for information. One store commit, by itself: ${formatSummary(summaryOf(storeCommits.map(({ ms }) => ms)))} ms. ${markNotes(lines)}`.trim(),
    ],
  };
}

function formatVerdict({ found, holds }: Verdict): string {
  if (holds === undefined) return found === undefined ? "–" : describe(found);
  return `${describe(found)} ${holds ? "holds" : "DOES NOT HOLD"}`;
}

function markNotes(lines: readonly Line[]): string {
  const used = new Set(lines.flatMap(({ verdicts }) => verdicts.flatMap(({ found }) => found?.marks ?? [])));
  return explainMarks([...used]);
}

export function explainMarks(marks: readonly Mark[]): string {
  return marks.map((mark) => `${markSigns[mark]} ${markMeanings[mark]}.`).join(" ");
}
