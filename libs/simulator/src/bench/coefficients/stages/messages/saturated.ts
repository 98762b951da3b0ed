import { setTimeout as pause } from "node:timers/promises";
import { residentBytes } from "../../../../target/process-facts.ts";
import type { Pace } from "../../../side-by-side/generator/messages.ts";
import { startGenerator } from "../../../side-by-side/generator/start-generator.ts";
import { openingOrder } from "../../../side-by-side/opening-order.ts";
import { inFlightOf } from "../../../side-by-side/plan.ts";
import type { MeasuredSystem } from "../../../side-by-side/systems.ts";
import { startBusyFleet } from "../../measure/busy-fleet.ts";
import { loadOver, restOver, warmUp } from "../../measure/window.ts";
import { type Saturated, spreadOver } from "../../reckon/messages.ts";
import type { StageOptions } from "../stage.ts";
import { loadOf, openingMax, warmingS } from "./load-of.ts";

const saturatedSizes = [2, 100] as const;
const saturatedPeople = 200;
/** After the warm-up. What idling takes is little beside what is measured. */
const calmS = 5;
const mebi = 1_048_576;

/** Closed loop, on the embedded store, since a MongoDB-wire server on the same cores would be all that is saturated. */
export async function measureSaturated({ seconds, say }: StageOptions): Promise<readonly Saturated[]> {
  say("saturated on two gateways and two chat servers, LMDB");
  const system = await startBusyFleet({ gateways: 2, chatServers: 2, store: "lmdb" });
  const generator = startGenerator();
  try {
    await generator.open(openingOrder(system, { members: saturatedPeople, roomSizes: saturatedSizes, openingMax }));
    for (const size of saturatedSizes) await warmUp(generator, size, warmingS);
    await pause(calmS * 1_000);
    const idle = await restOver(system, seconds);
    const measured: Saturated[] = [];
    for (const members of saturatedSizes) {
      const pace: Pace = { kind: "closed", inFlight: inFlightOf.get(members) ?? members };
      const window = await loadOver(system, generator, { roomSize: members, pace, seed: 1 }, seconds);
      const frames = 2 * spreadOver(2, members / 2);
      measured.push({
        load: loadOf(`rooms of ${members}`, { chatServers: 2, members, frames }, window, idle, say),
        gatewayMib: await largestMib(system, "gateway"),
        chatMib: await largestMib(system, "chat-server"),
      });
    }
    return measured;
  } finally {
    await generator.end();
    await system.stop();
  }
}

async function largestMib(system: MeasuredSystem, role: string): Promise<number> {
  const own = system.processes.filter((process) => process.role === role);
  return Math.max(...(await Promise.all(own.map(({ pid }) => residentBytes(pid))))) / mebi;
}
