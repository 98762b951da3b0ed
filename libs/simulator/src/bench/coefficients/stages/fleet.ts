import { setTimeout as pause } from "node:timers/promises";
import { createRing } from "@parley/ring";
import { startBusyFleet } from "../measure/busy-fleet.ts";
import { restOver } from "../measure/window.ts";
import type { Finding } from "../names.ts";
import { type Beating, reckonBeats } from "../reckon/beats.ts";
import { findingOf, show } from "../reckon/finding.ts";
import type { Stage, StageOptions } from "./stage.ts";

const chatServers = 1;
/** Three sizes: Redis also takes something for itself, a beat, and a beat more the more nodes it tells of. */
const gateways = [1, 8, 24] as const;
/** A new fleet is told of each node that comes; afterwards it only beats. */
const calmS = 4;
const ringSizes = [400, 1_600] as const;
const ringRounds = 4;

export const fleetStage: Stage = {
  name: "fleet",
  title: "what a fleet takes by its size: heartbeats, and a new ring",
  gives: ["redisBeatMs", "redisBeatNodeMs", "redisBeatNodeBytes", "ringNodeMs"],
  async measure(options) {
    const fleets: Beating[] = [];
    for (const count of gateways) fleets.push(await measureBeats(count, options));
    return { ...reckonBeats(fleets), ringNodeMs: measureRing() };
  },
};

async function measureBeats(count: number, { seconds, say }: StageOptions): Promise<Beating> {
  // Presence is a node, too.
  const nodes = count + chatServers + 1;
  say(`heartbeats of ${nodes} nodes`);
  const system = await startBusyFleet({ gateways: count, chatServers, store: "lmdb" });
  try {
    await pause(calmS * 1_000);
    return { nodes, idle: await restOver(system, seconds) };
  } finally {
    await system.stop();
  }
}

function measureRing(): Finding {
  const took = (count: number): number => {
    const nodes = Array.from({ length: count }, (_, index) => ({ node: `chat-${index}`, weight: 1 }));
    const beganAt = process.cpuUsage();
    createRing(nodes);
    const { user, system } = process.cpuUsage(beganAt);
    return (user + system) / 1_000 / count;
  };
  // The first ones compile the code.
  for (let round = 0; round < 3; round++) took(ringSizes[0]);
  const values = ringSizes.flatMap((count) => Array.from({ length: ringRounds }, () => took(count)));
  const seen = ringSizes.map((count, index) => {
    return `${count} nodes: ${show(Math.min(...values.slice(index * ringRounds, (index + 1) * ringRounds)) * count)} ms at best`;
  });
  return findingOf(values, `CPU of createRing over its nodes, rings of ${ringSizes.join(" and ")}`, seen.join("; "));
}
