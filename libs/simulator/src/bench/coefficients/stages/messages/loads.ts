import { setTimeout as pause } from "node:timers/promises";
import type { Pace } from "../../../side-by-side/generator/messages.ts";
import { type Generator, startGenerator } from "../../../side-by-side/generator/start-generator.ts";
import { openingOrder } from "../../../side-by-side/opening-order.ts";
import type { MeasuredSystem } from "../../../side-by-side/systems.ts";
import { startBusyFleet } from "../../measure/busy-fleet.ts";
import type { Totals } from "../../measure/look.ts";
import { loadOver, restOver, warmUp } from "../../measure/window.ts";
import { type Load, spreadOver } from "../../reckon/messages.ts";
import type { StageOptions } from "../stage.ts";
import { loadOf, openingMax, warmingS } from "./load-of.ts";

/** A fleet, and rooms of several sizes that are written to, one after another. */
export interface LoadedFleet {
  readonly gateways: number;
  readonly chatServers: number;
  readonly store: "mongodb" | "lmdb";
  readonly people: number;
  /** Neighbours that are on the same gateway, the next so many on the next: what spreads rooms over gateways. */
  readonly neighbours: number;
  readonly loads: readonly { readonly members: number; readonly pace: Pace }[];
}

const perS = (rate: number): Pace => ({ kind: "open", perS: rate });
/** As many as FerretDB takes on two cores beside us. On LMDB the same is a low rate, so that both can be compared. */
const comparedPerS = 800;

/**
 * Rates at which processes are busy for a third of a core or so, as they are planned to be, and at which each of many
 * sockets is written to some times a second only. Far below, each message wakes every process for itself and costs ten
 * times as much; saturated, whatever meets in a tick is joined. The first load is not fitted: it is compared with the
 * same on the MongoDB wire.
 */
export const wideFleet: LoadedFleet = {
  gateways: 2,
  chatServers: 2,
  store: "lmdb",
  people: 1_000,
  neighbours: 1,
  loads: [
    { members: 2, pace: perS(comparedPerS) },
    { members: 2, pace: perS(4_000) },
    { members: 10, pace: perS(2_000) },
    { members: 100, pace: perS(400) },
  ],
};

/**
 * One chat server, so that no word goes to another, and rooms of two that are on one gateway: beside the wide fleet
 * deliveries, link frames and words stand in different ratios, which tells their costs apart. As many gateways, and as
 * much for each, as there: a process that is less busy pays more for all it does.
 */
export const tallFleet: LoadedFleet = {
  gateways: 2,
  chatServers: 1,
  store: "lmdb",
  people: 1_000,
  neighbours: 2,
  loads: [
    { members: 2, pace: perS(4_000) },
    { members: 4, pace: perS(3_000) },
  ],
};

/** What the store's server takes, and what its driver takes of a chat server. */
export const wireFleet: LoadedFleet = {
  gateways: 2,
  chatServers: 2,
  store: "mongodb",
  people: 600,
  neighbours: 1,
  loads: [
    { members: 2, pace: perS(200) },
    { members: 2, pace: { kind: "closed", inFlight: 200 } },
  ],
};

/** Heads are told again up to 9 s after a channel went quiet. */
const calmS = 10;

/**
 * By repeat, every load. `after` is run on the same fleet at the end, and is given what it takes idle. **Errors**: rejects
 * where anything fails; nothing is left running.
 */
export async function measureLoads<T>(
  fleet: LoadedFleet,
  { seconds, repeats, say }: StageOptions,
  after: (system: MeasuredSystem, idle: Totals) => Promise<T>,
): Promise<{ readonly repeats: readonly (readonly Load[])[]; readonly after: T }> {
  const { gateways, chatServers, store, loads } = fleet;
  const sizes = sizesOf(fleet);
  say(`rooms of ${sizes.join(", ")}: gateways ${gateways}, chat servers ${chatServers}, ${store}`);
  const system = await startBusyFleet({ gateways, chatServers, store });
  const generator = startGenerator();
  try {
    await openPeople(generator, system, fleet);
    for (const size of sizes) await warmUp(generator, size, warmingS);
    await pause(calmS * 1_000);
    const idle = await restOver(system, seconds);
    const measured: (readonly Load[])[] = [];
    for (let repeat = 1; repeat <= repeats; repeat++) {
      const all: Load[] = [];
      for (const { members, pace } of loads) {
        const order = { roomSize: members, pace, seed: repeat };
        const window = await loadOver(system, generator, order, seconds);
        const shape = { chatServers, members, frames: framesOf(fleet, members) };
        all.push(loadOf(`rooms of ${members} on ${gateways} × ${chatServers}, ${store}`, shape, window, idle, say));
      }
      measured.push(all);
    }
    return { repeats: measured, after: await after(system, idle) };
  } finally {
    await generator.end();
    await system.stop();
  }
}

async function openPeople(generator: Generator, system: MeasuredSystem, fleet: LoadedFleet): Promise<void> {
  const { people, neighbours } = fleet;
  const order = openingOrder(system, { members: people, roomSizes: sizesOf(fleet), openingMax });
  await generator.open({ ...order, urls: system.urls.flatMap((url) => Array<string>(neighbours).fill(url)) });
}

function sizesOf({ loads }: LoadedFleet): readonly number[] {
  return [...new Set(loads.map(({ members }) => members))];
}

/** Pairs of gateway and chat server that a room is on: gateways as its members were told, chat servers at random. */
export function framesOf({ gateways, chatServers, neighbours }: LoadedFleet, members: number): number {
  const onGateways = Math.min(gateways, Math.ceil(members / neighbours));
  return onGateways * spreadOver(chatServers, members / onGateways);
}
