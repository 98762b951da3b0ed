import type { Figures, WorkFigures } from "./measure.ts";

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
 * CPU by what a noisy machine allows. The others repeat far more exactly (measured: bytes to within 2 % in a hundred
 * runs, counts to within 3 %), and what is small in them, such as one needless copy, is lost in 15 %.
 */
const tolerances = { cpu: 0.15, allocatedBytes: 0.05, counts: 0.05 };
/** Calls a message: timers call now and then. A call that comes with every tenth message is seen. */
const countSlack = 0.02;

/** Each committed figure, and each count that nobody committed. A scenario that was not measured has no lines. */
export function compare(committed: Figures, found: Figures): readonly Line[] {
  return Object.entries(found).flatMap(([work, figures]) => compareWork(work, committed[work], figures));
}

function compareWork(work: string, committed: WorkFigures | undefined, found: WorkFigures): readonly Line[] {
  const line = (figure: string, was: number, is: number, tolerance: number, slack = 0): Line => {
    const room = Math.max(was * tolerance, slack);
    const course = is > was + room ? "worse" : is < was - room ? "better" : "holds";
    return { work, figure, committed: was, found: is, tolerance, course };
  };
  const names = new Set([...Object.keys(committed?.counts ?? {}), ...Object.keys(found.counts)]);
  return [
    line("CPU, × reference", committed?.cpu ?? 0, found.cpu, tolerances.cpu),
    line("bytes allocated", committed?.allocatedBytes ?? 0, found.allocatedBytes, tolerances.allocatedBytes),
    ...[...names].map((name) => {
      return line(name, committed?.counts[name] ?? 0, found.counts[name] ?? 0, tolerances.counts, countSlack);
    }),
  ];
}

/**
 * Of two measurements each line that is nearer to what was committed: a bad moment meets one of them, a change of the
 * code both.
 */
export function nearest(first: readonly Line[], second: readonly Line[]): readonly Line[] {
  return first.map((line) => {
    const other = second.find(({ work, figure }) => work === line.work && figure === line.figure);
    const distance = ({ committed, found }: Line): number => Math.abs(found - committed);
    return other !== undefined && distance(other) < distance(line) ? other : line;
  });
}
