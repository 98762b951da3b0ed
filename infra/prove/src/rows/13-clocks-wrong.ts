import { clockVariable } from "@parley/run/testing";
import { createRandom } from "@parley/simulator";
import type { ClusterRow } from "../row.ts";

const hourMs = 3_600_000;
const betweenMs = 3_000;

export const row: ClusterRow = {
  number: 13,
  topology: "cluster",
  title: "clocks wrong by an hour, and clocks that jump by two",
  how:
    "From the start, each process has a clock that is right, an hour ahead or an hour behind, as the seed draws. During " +
    "the load the clocks of chat servers and gateways jump: an hour ahead, an hour behind, and right again. In no log " +
    "may time go backwards.",
  shape: {
    environmentOf(node, seed) {
      const draw = createRandom([...node].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), seed) % 0x7fffffff);
      return { [clockVariable]: String(draw.pick([-hourMs, 0, hourMs])) };
    },
  },
  async run({ fleet, random, strike, pause, requireLater }) {
    await pause(3_000);
    for (const offsetMs of random.sample([-hourMs, hourMs, 0], 3)) {
      for (const node of random.sample([...fleet.chatServers, ...fleet.gateways], 2)) {
        node.tell({ fault: "clock", offsetMs });
        strike(`the clock of ${node.name} jumps: it is ${describe(offsetMs)} now`);
        await pause(betweenMs);
      }
    }
    requireLater("the times of each log never go backwards", ({ scene }) => {
      const logs = [...scene.history.finalLogs.values()];
      const steps = logs.flatMap(({ events }) =>
        events.map(({ time }, index) => time - (events[index - 1]?.time ?? 0)),
      );
      const back = steps.filter((step) => step < 0).length;
      return { isMet: back === 0, seen: `${back} of ${steps.length} steps go back, in ${logs.length} logs` };
    });
  },
};

function describe(offsetMs: number): string {
  if (offsetMs === 0) return "right";
  return offsetMs > 0 ? "an hour ahead" : "an hour behind";
}
