/** One rate and whether it held. */
export interface TriedRate {
  readonly perS: number;
  readonly holds: boolean;
}

export interface RateSearch {
  readonly firstPerS: number;
  /** Above 1. */
  readonly factor: number;
  /** How often the gap between the highest that held and the lowest that did not is halved. */
  readonly halvings: number;
  readonly triesMax: number;
}

/** A gap that is narrower tells nothing: what holds differs by as much from one minute to the next. */
const gapMin = 0.03;

/**
 * The rate to try after these: rising by the factor until one does not hold (falling where not even the first does), then
 * the geometric mean of the gap. Undefined: the search has ended.
 */
export function nextRate(tried: readonly TriedRate[], search: RateSearch): number | undefined {
  const { firstPerS, factor, halvings, triesMax } = search;
  if (tried.length >= triesMax) return undefined;
  const low = highestHeld(tried)?.perS;
  const high = lowestFailed(tried);
  if (low === undefined && high === undefined) return firstPerS;
  if (high === undefined) return Math.ceil((low ?? 0) * factor);
  if (low === undefined) return high / factor < 1 ? undefined : Math.floor(high / factor);
  // What was tried inside of a gap that was known on both sides.
  const known = tried.filter((_, index) => isBracketed(tried.slice(0, index))).length;
  if (known >= halvings || high <= low * (1 + gapMin)) return undefined;
  const middle = Math.round(Math.sqrt(low * high));
  return middle <= low || middle >= high ? undefined : middle;
}

/** Undefined where none held below the lowest that did not. */
export function highestHeld<T extends TriedRate>(tried: readonly T[]): T | undefined {
  const bound = lowestFailed(tried) ?? Number.POSITIVE_INFINITY;
  return tried
    .filter(({ perS, holds }) => holds && perS < bound)
    .reduce<T | undefined>((best, one) => (best === undefined || one.perS > best.perS ? one : best), undefined);
}

function lowestFailed(tried: readonly TriedRate[]): number | undefined {
  const failed = tried.filter(({ holds }) => !holds).map(({ perS }) => perS);
  return failed.length === 0 ? undefined : Math.min(...failed);
}

function isBracketed(tried: readonly TriedRate[]): boolean {
  return highestHeld(tried) !== undefined && lowestFailed(tried) !== undefined;
}
