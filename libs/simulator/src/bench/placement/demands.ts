import type { Demand } from "../clients/figures.ts";
import {
  aboveBound,
  countByServer,
  type MoveSample,
  mostInASecond,
  movedUsers,
  type Places,
  type ServerLook,
} from "./fleet-look.ts";
import type { TalkCount } from "./talk.ts";

/** How large everything is. */
export interface Crowd {
  /** Connected before anything happens. */
  readonly users: number;
  /** Who come while a chat server is slow. */
  readonly newcomers: number;
  /** Of them, 1/s. */
  readonly newcomersPerS: number;
  /** `rebalancePerSecond` of the chat servers. */
  readonly rebalancePerS: number;
}

export const gateways = 2;
export const chatServers = 3;
export const added = "chat-added";
/** The default of `loadBound` and `rebalanceBound`. */
const c = 1.25;
/** An event loop that is 200 ms late. */
export const strainWanted = 2.5;
/** Servers tell their load so often, s: what another gateway placed since is not known yet. */
const loadAgeS = 1;
/** Chat servers look so often, s: one look more may fall into a second, with a part of a session left from before. */
const lookS = 0.5;

/**
 * What a server of this strain gets at most of all sessions, by the rule of `placeBounded` with the others fit: it takes
 * somebody while `l × s < q × (l × s + N − l)`, where `q` is c × its `part` of the weights, and whoever finds the
 * others at c × their shares.
 */
export function sparedMax(sessions: number, strain: number, part: number): number {
  const q = c * part;
  return Math.max((q * sessions) / (strain - q * (strain - 1)), sessions * (1 - c * (1 - part)));
}

/** Above a bound by so many is still within it. */
export interface Tolerance {
  readonly sessions: number;
  readonly why: string;
}

export const rounding: Tolerance = { sessions: 2, why: "rounding" };

export function sparedDemand(
  { users, newcomers }: Crowd,
  slow: string,
  first: Places,
  full: Places,
  missing: string | undefined,
): Demand {
  const before = countByServer(first).get(slow) ?? 0;
  const most = Math.max(0, Math.ceil(sparedMax(users + newcomers, strainWanted, 1 / chatServers)) - before);
  const even = Math.round(newcomers / chatServers);
  const what = `the slow server gets at most ${most} of ${newcomers} newcomers (even: ${even}), as one of strain ${strainWanted}`;
  if (missing !== undefined) return { what, found: `not tried: ${missing}`, holds: false };
  const found = [...full].filter(([user, node]) => node === slow && !first.has(user)).length;
  return { what, found: `${found}`, holds: found <= most };
}

export function unseenOf({ newcomersPerS }: Crowd): Tolerance {
  const sessions = Math.ceil((loadAgeS * newcomersPerS * (gateways - 1)) / gateways);
  return { sessions, why: "what one gateway places before the other hears of it" };
}

export function boundDemand(
  when: string,
  places: Places,
  servers: readonly ServerLook[],
  { sessions, why }: Tolerance,
): Demand {
  const above = aboveBound(countByServer(places), servers, c);
  return {
    what: `nobody is above 1.25 × its share ${when}, weights counted (by at most ${sessions}: ${why})`,
    found: above <= 0 ? `the fullest is ${Math.abs(above).toFixed(1)} below` : `${above.toFixed(1)} above`,
    holds: above <= sessions,
  };
}

export function addedDemands(
  { rebalancePerS }: Crowd,
  before: Places,
  now: Places,
  samples: readonly MoveSample[],
): readonly Demand[] {
  const moved = movedUsers(before, now);
  const elsewhere = moved.filter((user) => now.get(user) !== added).length;
  const share = moved.length / before.size;
  const paced = rebalancePerS * chatServers;
  const most = mostInASecond(samples);
  const tolerance = Math.ceil(paced * lookS) + chatServers;
  return [
    {
      what: "18 to 32 % of the users move to the added server, and nobody anywhere else",
      found: `${(share * 100).toFixed(1)} % (${moved.length} of ${before.size}), ${elsewhere} elsewhere`,
      holds: share >= 0.18 && share <= 0.32 && elsewhere === 0,
    },
    {
      what: `at most ${rebalancePerS} a second and giver: ${paced}, and ${tolerance} for where the looks fall`,
      found: `${most} in the second of the most`,
      holds: most > 0 && most <= paced + tolerance,
    },
  ];
}

export function drainedDemand(own: readonly string[], before: Places, now: Places, code: number | null): Demand {
  const moved = new Set(movedUsers(before, now));
  const left = own.filter((user) => !moved.has(user)).length;
  const others = moved.size - (own.length - left);
  return {
    what: `drained, the added server's ${own.length} users move, nobody else, and it ends with 0`,
    found: `${left} did not, ${others} others did, exit code ${code}`,
    holds: own.length > 0 && left === 0 && others === 0 && code === 0,
  };
}

export function talkDemand({ acked, missing, repeated, holes, others, refusedForGood, unanswered }: TalkCount): Demand {
  const wrong = { missing, "twice or late": repeated, holes, others, refused: refusedForGood, unanswered };
  return {
    what: "every member is pushed each acked event once, ascending, without holes; every message is acked",
    found: `${acked} acked; ${Object.entries(wrong)
      .map(([name, count]) => `${count} ${name}`)
      .join(", ")}`,
    holds: acked > 0 && Object.values(wrong).every((count) => count === 0),
  };
}
