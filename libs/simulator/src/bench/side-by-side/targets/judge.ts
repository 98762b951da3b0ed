import type { Demand } from "../../clients/figures.ts";
import type { SideBySide } from "../result.ts";
import { markSigns } from "./marks.ts";
import { mustReach } from "./must-reach.ts";
import type { Found, Target } from "./target.ts";

/** One layout of ours in one line. */
export interface Verdict {
  readonly layout: string;
  /** Undefined where nothing was measured. */
  readonly found: Found | undefined;
  /** Undefined where the layout is shown for information. */
  readonly holds: boolean | undefined;
}

export interface Line {
  readonly target: Target;
  readonly theirs: string;
  readonly verdicts: readonly Verdict[];
}

/** Every line that the run was to find. What must hold and was not measured does not hold. */
export function judge(result: SideBySide, targets: readonly Target[] = mustReach): readonly Line[] {
  const layouts = result.plan.systems.filter((system) => system.startsWith("parley"));
  return targets
    .filter((target) => target.isPlanned(result.plan))
    .map((target) => ({
      target,
      theirs: target.theirs(result),
      verdicts: layouts.map((layout) => judgeOne(target, result, layout)),
    }));
}

function judgeOne(target: Target, result: SideBySide, layout: string): Verdict {
  const found = target.find(result, layout);
  const holds = target.layouts.includes(layout) ? found !== undefined && target.holds(layout, found.value) : undefined;
  return { layout, found, holds };
}

/** What must hold, one by one, and that nothing failed. */
export function demandsOf(lines: readonly Line[], { failures }: Pick<SideBySide, "failures">): readonly Demand[] {
  const judged = lines.flatMap(({ target, verdicts }) =>
    verdicts.flatMap(({ layout, found, holds }) => {
      if (holds === undefined) return [];
      const scene = target.scene === "" ? "" : `, ${target.scene}`;
      const what = `${layout} against ${target.against}: ${target.figure}${scene} ${target.limit}`;
      return [{ what, found: describe(found), holds }];
    }),
  );
  const failed = { what: "everything planned was measured", found: `${failures.length} failed` };
  return [...judged, { ...failed, holds: failures.length === 0 }];
}

export function describe(found: Found | undefined): string {
  return found === undefined ? "not measured" : `${found.text}${found.marks.map((mark) => markSigns[mark]).join("")}`;
}
