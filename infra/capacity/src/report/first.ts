import type { Capacity, Limit } from "../model/reckon.ts";
import { formatNumber, formatShare, formatUsers } from "./numbers.ts";

/** One sentence on a limit, and what the design does about it where that is asked. */
export interface Told {
  readonly what: string;
  readonly answer?: string;
}

/**
 * What is used most in the smallest fleet of this size, what can't be had more of, what a single one does not do any more,
 * and what comes next: all of it by the model's own figures.
 */
export function tellFirst({ dau, limits }: Capacity, walls: ReadonlyMap<string, number>): readonly Told[] {
  const wallOf = ({ name }: Limit): number => walls.get(name) ?? Number.POSITIVE_INFINITY;
  const tell = ({ title, use, count }: Limit): string => `${title}, ${formatShare(use)} of ${formatNumber(count)}`;
  const standing = limits.filter(({ isBeginning }) => !isBeginning).toSorted((a, b) => b.use - a.use);
  const broken = standing.filter(({ use }) => use > 1);
  const most = standing.find(({ use, isAdded }) => isAdded && use <= 1);
  const fixed = standing.find(({ use, isAdded }) => !isAdded && use <= 1);
  const passed = limits.filter((limit) => wallOf(limit) <= dau && !broken.includes(limit));
  const [next] = limits.filter((limit) => wallOf(limit) > dau).toSorted((a, b) => wallOf(a) - wallOf(b));
  const told: Told[] = broken.map((limit) => ({ what: `breaks already: ${tell(limit)}`, answer: limit.answer }));
  if (most !== undefined) told.push({ what: `used most in the smallest fleet: ${tell(most)}; more can be added` });
  if (fixed !== undefined) told.push({ what: `used most of what can't be added to: ${tell(fixed)}` });
  if (passed.length > 0)
    told.push({ what: `one does not do any more: ${passed.map(({ title }) => title).join("; ")}` });
  if (next !== undefined && Number.isFinite(wallOf(next))) {
    told.push({ what: `breaks next, at ${formatUsers(wallOf(next))} users: one ${next.title}`, answer: next.answer });
  }
  return told;
}
