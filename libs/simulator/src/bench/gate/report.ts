import Table from "cli-table3";
import { type Committed, writingCommand } from "./committed.ts";
import type { Line } from "./verdict.ts";

export function formatGate(committed: Omit<Committed, "works">, lines: readonly Line[]): string {
  const table = new Table({
    head: ["a message", "committed", "found", "", "allowed", ""],
    style: { head: [], border: [] },
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  const right = (content: string) => ({ content, hAlign: "right" as const });
  let work = "";
  for (const line of lines) {
    if (line.work !== work) table.push([{ content: `== ${line.work}`, colSpan: 6 }]);
    work = line.work;
    table.push([
      line.figure,
      ...[line.committed, line.found].map((value) =>
        right(value.toLocaleString("en-US", { maximumFractionDigits: 3 })),
      ),
      right(formatChange(line)),
      right(`± ${(line.tolerance * 100).toFixed(0)} %`),
      { holds: "", worse: "WORSE", better: "BETTER" }[line.course],
    ]);
  }
  return [table.toString(), conclusionOf(committed, lines)].join("\n");
}

function formatChange({ committed, found }: Line): string {
  if (committed === 0) return "new";
  const percent = (found / committed - 1) * 100;
  return `${percent < 0 ? "" : "+"}${percent.toFixed(1)} %`;
}

function conclusionOf({ date, node }: Omit<Committed, "works">, lines: readonly Line[]): string {
  const count = (course: Line["course"]): number => lines.filter((line) => line.course === course).length;
  const [worse, better] = [count("worse"), count("better")];
  const said = `figures of ${date}`;
  if (worse + better === 0) return `${lines.length} lines hold, ${said}`;
  return [
    ...(worse > 0 ? [`${worse} lines are worse than the ${said}: a regression, or a price that is worth it.`] : []),
    // Left as they are, the next regression would be free up to the old figure.
    ...(better > 0 ? [`${better} lines are better than the ${said}: commit what was gained.`] : []),
    `Where that is meant: ${writingCommand}`,
    ...(node === process.version ? [] : [`They were measured with Node ${node}; this is ${process.version}.`]),
  ].join("\n");
}
