import type { Committed } from "./committed.ts";
import { type Figures, measurePart, type Part, parts } from "./measure.ts";
import { medianFigures } from "./medians.ts";
import { compare, type Line, nearest } from "./verdict.ts";

export type Say = (line: string) => void;

/** Of so many measurements the figures to commit are medians: what is committed must be the middle, not a chance. */
const measurementsWritten = 3;
/** With a neighbour that takes the caches and the memory from it, one measurement in a few is out by CPU. */
const attemptsMax = 3;

/** What each message costs now beside what was committed. A part that is out is measured again. */
export async function runGate({ works }: Pick<Committed, "works">, say: Say): Promise<readonly Line[]> {
  const lines: Line[] = [];
  for (const part of parts) lines.push(...(await judgePart(part, works, say)));
  const measured = new Set(lines.map(({ work }) => work));
  const gone = Object.keys(works).filter((work) => !measured.has(work));
  if (gone.length > 0) throw new Error(`committed, but measured no more: ${gone.join(", ")}`);
  return lines;
}

async function judgePart(part: Part, works: Figures, say: Say): Promise<readonly Line[]> {
  say(`measuring the ${part}`);
  let lines = compare(works, await measurePart(part));
  for (let attempt = 2; attempt <= attemptsMax; attempt++) {
    const out = lines.filter(({ course }) => course !== "holds");
    if (out.length === 0) break;
    say(`the ${part} once more; out: ${out.map(({ work, figure }) => `${work}, ${figure}`).join("; ")}`);
    lines = nearest(lines, compare(works, await measurePart(part)));
  }
  return lines;
}

/** Figures to commit. */
export async function measureAll(say: Say): Promise<Figures> {
  const runs: Figures[] = [];
  for (let run = 1; run <= measurementsWritten; run++) {
    say(`measuring, ${run} of ${measurementsWritten}`);
    const found: Record<string, Figures[string]> = {};
    for (const part of parts) Object.assign(found, await measurePart(part));
    runs.push(found);
  }
  return medianFigures(runs);
}
