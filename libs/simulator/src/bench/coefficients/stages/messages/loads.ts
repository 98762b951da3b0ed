import { setTimeout as pause } from "node:timers/promises";
import { type Generator, startGenerator } from "../../../side-by-side/generator/start-generator.ts";
import { openingOrder } from "../../../side-by-side/opening-order.ts";
import type { MeasuredSystem } from "../../../side-by-side/systems.ts";
import { startBusyFleet } from "../../measure/busy-fleet.ts";
import type { Totals } from "../../measure/look.ts";
import { loadOver, restOver, warmUp } from "../../measure/window.ts";
import { type Load, spreadOver } from "../../reckon/messages.ts";
import type { StageOptions } from "../stage.ts";
import { loadOf, openingMax, warmingS } from "./load-of.ts";

/** A fleet on the MongoDB wire, and rooms of several sizes that are written to at an even pace, one size after another. */
export interface LoadedFleet {
  readonly gateways: number;
  readonly chatServers: number;
  readonly people: number;
  /** Neighbours that are on the same gateway, the next so many on the next: what spreads rooms over gateways. */
  readonly neighbours: number;
  readonly loads: readonly { readonly members: number; readonly perS: number }[];
}

/**
 * Moderate, far below what saturates two cores, so that hardly two messages meet in a tick; rooms of two are so many that
 * most of them are quiet for seconds, as people's are, and pay for head checks too.
 */
export const wideFleet: LoadedFleet = {
  gateways: 2,
  chatServers: 2,
  people: 600,
  neighbours: 1,
  loads: [
    { members: 2, perS: 200 },
    { members: 10, perS: 100 },
    { members: 100, perS: 60 },
  ],
};

/**
 * One chat server, so that no word goes to another, and rooms that are on one gateway or on four: here and in the wide
 * fleet deliveries, link frames and words stand in different ratios, which tells their costs apart.
 */
export const tallFleet: LoadedFleet = {
  gateways: 4,
  chatServers: 1,
  people: 400,
  neighbours: 4,
  loads: [
    { members: 4, perS: 200 },
    { members: 16, perS: 100 },
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
  const { gateways, chatServers, loads } = fleet;
  const sizes = loads.map(({ members }) => members);
  say(`rooms of ${sizes.join(", ")}: gateways ${gateways}, chat servers ${chatServers}, MongoDB wire`);
  const system = await startBusyFleet({ gateways, chatServers, store: "mongodb" });
  const generator = startGenerator();
  try {
    await openPeople(generator, system, fleet);
    for (const size of sizes) await warmUp(generator, size, warmingS);
    await pause(calmS * 1_000);
    const idle = await restOver(system, seconds);
    const measured: (readonly Load[])[] = [];
    for (let repeat = 1; repeat <= repeats; repeat++) {
      const all: Load[] = [];
      for (const { members, perS } of loads) {
        const order = { roomSize: members, pace: { kind: "open", perS }, seed: repeat } as const;
        const window = await loadOver(system, generator, order, seconds);
        const shape = { chatServers, members, frames: framesOf(fleet, members) };
        all.push(loadOf(`rooms of ${members} on ${gateways} × ${chatServers}`, shape, window, idle, say));
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
  const { people, neighbours, loads } = fleet;
  const roomSizes = loads.map(({ members }) => members);
  const order = openingOrder(system, { members: people, roomSizes, openingMax });
  await generator.open({ ...order, urls: system.urls.flatMap((url) => Array<string>(neighbours).fill(url)) });
}

/** Pairs of gateway and chat server that a room is on: gateways as its members were told, chat servers at random. */
export function framesOf({ gateways, chatServers, neighbours }: LoadedFleet, members: number): number {
  const onGateways = Math.min(gateways, Math.ceil(members / neighbours));
  return onGateways * spreadOver(chatServers, members / onGateways);
}
