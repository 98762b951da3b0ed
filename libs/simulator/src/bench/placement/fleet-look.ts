import { strainOf } from "@parley/ring";
import { isFields } from "../../history/content.ts";
import type { Admin } from "../clients/admin.ts";

/** One chat server as `/v1/cluster` tells. */
export interface ServerLook {
  readonly node: string;
  readonly weight: number;
  readonly sessions: number;
  /** How much fuller placement counts it; 1 is fit. */
  readonly strain: number;
}

export async function lookAtServers(admin: Admin): Promise<readonly ServerLook[]> {
  const { chatServers } = await admin.ask("/v1/cluster");
  return (Array.isArray(chatServers) ? chatServers.filter(isFields) : []).map(({ node, weight, load }) => {
    const { sessions, eventLoopDelayMs, cpu } = isFields(load) ? load : {};
    const strain = strainOf({ eventLoopDelayMs: Number(eventLoopDelayMs), cpu: Number(cpu) });
    return { node: String(node), weight: Number(weight), sessions: Number(sessions), strain };
  });
}

/** User → chat server. */
export type Places = ReadonlyMap<string, string>;

export function countByServer(places: Places): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const node of places.values()) counts.set(node, (counts.get(node) ?? 0) + 1);
  return counts;
}

/** Who is elsewhere now than before; one who is shown nowhere has not arrived yet. */
export function movedUsers(before: Places, now: Places): readonly string[] {
  return [...before].filter(([user, node]) => (now.get(user) ?? node) !== node).map(([user]) => user);
}

/** How far the fullest server is above `c` × its share, in sessions; weights counted. */
export function aboveBound(counts: ReadonlyMap<string, number>, servers: readonly ServerLook[], c: number): number {
  const sum = [...counts.values()].reduce((total, count) => total + count, 0);
  const weightSum = servers.reduce((total, { weight }) => total + weight, 0);
  return Math.max(...servers.map(({ node, weight }) => (counts.get(node) ?? 0) - (c * sum * weight) / weightSum));
}

export interface MoveSample {
  /** Of `performance.now()`. */
  readonly at: number;
  /** Users that are not where they were at first. */
  readonly moved: number;
}

export interface MoveWatch {
  readonly samples: readonly MoveSample[];
  /** Where everybody is at the end. */
  readonly places: Places;
}

export interface MoveWatchOptions {
  readonly admin: Admin;
  readonly users: readonly string[];
  readonly before: Places;
  /** It ends when nobody has moved for so long, ms. */
  readonly stillMs: number;
  /** Nor has it ended before this many have moved. */
  readonly movedMin: number;
  /** It ends in any case after so long, ms. */
  readonly limitMs: number;
}

/** The API takes 600 requests a minute of one admin. */
const lookEveryMs = 250;

/** Looks where everybody is until they have come to rest. */
export async function watchMoves(options: MoveWatchOptions): Promise<MoveWatch> {
  const { admin, users, before, stillMs, movedMin, limitMs } = options;
  const begunAt = performance.now();
  const samples: MoveSample[] = [];
  let places = before;
  let changedAt = begunAt;
  for (;;) {
    const now = await admin.serversOf(users);
    const at = performance.now();
    if (movedUsers(places, now).length > 0) changedAt = at;
    places = new Map([...places, ...now]);
    const moved = movedUsers(before, places).length;
    samples.push({ at, moved });
    if (moved >= movedMin && at - changedAt >= stillMs) break;
    if (at - begunAt >= limitMs) break;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, lookEveryMs - (performance.now() - at))));
  }
  return { samples, places };
}

/** The most that moved between any two looks at most a second apart. */
export function mostInASecond(samples: readonly MoveSample[]): number {
  let most = 0;
  for (const [index, { at, moved }] of samples.entries()) {
    for (const later of samples.slice(index + 1)) {
      if (later.at - at > 1_000) break;
      most = Math.max(most, later.moved - moved);
    }
  }
  return most;
}
