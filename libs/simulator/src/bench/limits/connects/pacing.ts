import type { Demand } from "../../clients/figures.ts";
import type { Connected } from "./messages.ts";

/** How the gateways let people in: so many at once, then so many a second, each. */
export interface Pacing {
  readonly gateways: number;
  readonly hellosPerS: number;
  readonly hellosBurst: number;
}

/** `hellosPerSecond` and `hellosBurst` of the gateway by default. */
export const pacedByDefault = { hellosPerS: 1_000, hellosBurst: 1_000 } as const;
/** The most that the settings allow. */
export const pacingRaised = { hellosPerS: 100_000, hellosBurst: 100_000 } as const;

/** The most above what the pacing lets in by then; at or below 0 it was kept. */
export function aheadOfPacing(perTenth: readonly number[], { gateways, hellosPerS, hellosBurst }: Pacing): number {
  let [welcomed, ahead] = [0, Number.NEGATIVE_INFINITY];
  for (const [tenth, count] of perTenth.entries()) {
    welcomed += count;
    ahead = Math.max(ahead, welcomed - gateways * (hellosBurst + (hellosPerS * (tenth + 1)) / 10));
  }
  return ahead;
}

/** Welcomes in each whole second, the last one a part. */
export function perSecondOf(perTenth: readonly number[]): readonly number[] {
  return Array.from({ length: Math.ceil(perTenth.length / 10) }, (_, second) =>
    perTenth.slice(second * 10, second * 10 + 10).reduce((sum, count) => sum + count, 0),
  );
}

/** Of ours. `pacing` undefined: it was raised beyond what the machine can do. */
export function demandsOf(
  title: string,
  users: number,
  { connectMs, refused, failed, open, perTenth }: Connected,
  pacing: Pacing | undefined,
): readonly Demand[] {
  const turnedAway = Object.values(refused).reduce((sum, count) => sum + count, 0);
  const welcomed: Demand = {
    what: `${title}: all ${users} are welcomed and stay`,
    found: `${connectMs.count} welcomed, ${open} open, ${failed} gave up, ${turnedAway} tries turned away`,
    holds: connectMs.count === users && open === users && failed === 0,
  };
  if (pacing === undefined) return [welcomed];
  const ahead = aheadOfPacing(perTenth, pacing);
  const { gateways, hellosBurst, hellosPerS } = pacing;
  const paced: Demand = {
    what: `${title}: no more come in than ${gateways} × (${hellosBurst} and ${hellosPerS} a second)`,
    found: ahead <= 0 ? `${Math.floor(-ahead)} below where it was nearest` : `${Math.ceil(ahead)} above`,
    holds: ahead <= 0,
  };
  return [welcomed, paced];
}
