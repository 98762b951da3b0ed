import type { Figures, WorkFigures } from "./measure.ts";
import { rareCount, rareCountMax } from "./rare-count.ts";

export type Course = "holds" | "worse" | "better";

/** One figure of one scenario beside what was committed. */
export interface Line {
  readonly work: string;
  readonly figure: string;
  readonly committed: number;
  readonly found: number;
  /** Share of the committed figure that it may be off, to either side. */
  readonly tolerance: number;
  readonly course: Course;
}

/**
 * CPU by what a noisy machine allows. The others repeat far more exactly (measured in eleven runs: bytes to within 4 %,
 * mostly 1 %, counts of 0.2 and more to within 3 %), and what is small in them, such as one needless copy, is lost in 15 %.
 */
const tolerances = { cpu: 0.15, allocatedBytes: 0.05, counts: 0.05 };
/** At least, a message: a batch that falls apart once in a while is a write more. */
const countRoom = 0.02;

/** Each committed figure, and each count that nobody committed. A scenario that was not measured has no lines. */
export function compare(committed: Figures, found: Figures): readonly Line[] {
  return Object.entries(found).flatMap(([work, figures]) => compareWork(work, committed[work], figures));
}

function compareWork(work: string, committed: WorkFigures | undefined, found: WorkFigures): readonly Line[] {
  const line = (figure: string, was: number, is: number, tolerance: number, room = was * tolerance): Line => {
    const course = is > was + room ? "worse" : is < was - room ? "better" : "holds";
    return { work, figure, committed: was, found: is, tolerance: was === 0 ? tolerance : room / was, course };
  };
  const names = new Set([...Object.keys(committed?.counts ?? {}), ...Object.keys(found.counts)]);
  return [
    line("CPU, × reference", committed?.cpu ?? 0, found.cpu, tolerances.cpu),
    line("bytes allocated", committed?.allocatedBytes ?? 0, found.allocatedBytes, tolerances.allocatedBytes),
    ...[...names].map((name) => {
      const [was, is] = [committed?.counts[name] ?? 0, found.counts[name] ?? 0];
      return line(
        name,
        was,
        is,
        tolerances.counts,
        was < rareCount ? rareCountMax : Math.max(was * tolerances.counts, countRoom),
      );
    }),
  ];
}

/**
 * Of two measurements each line that is nearer to what was committed: a bad moment meets one of them, a change of the
 * code both.
 */
export function nearest(first: readonly Line[], second: readonly Line[]): readonly Line[] {
  const distance = ({ committed, found }: Line): number => Math.abs(found - committed);
  return first.flatMap((line) => {
    const other = second.find(({ work, figure }) => work === line.work && figure === line.figure);
    // A count that nobody committed and that the second time did not find: a timer's.
    if (other === undefined) return line.committed === 0 ? [] : [line];
    return [distance(other) < distance(line) ? other : line];
  });
}
