import type { FleetNode } from "../fleet/node.ts";
import { type Departures, watchDepartures } from "../means/departures.ts";
import type { ClusterRow } from "../row.ts";
import type { Arena } from "../run/arena.ts";

const slowestSendMs = 2_000;
const spreadMs = 5_000;
const betweenMs = 1_500;
/** Fewer sockets than these say nothing of how they are spread. */
const telling = 15;
/** Uniform over 5 s would be a tenth in half a second; chance makes clusters. */
const shareMax = 0.4;

export const row: ClusterRow = {
  number: 5,
  topology: "cluster",
  title: "rolling restart under load: every process drained by SIGTERM, one after the other",
  how:
    "Each process gets SIGTERM, drains and ends; the supervisor starts it again; then the next, until all six have been " +
    "replaced, in an order that the seed draws, while people go on. Nobody may wait longer than 2 s for an answer, and " +
    "the clients of a gateway must come back spread over the five seconds that it gives them, not as a herd.",
  load: { restlessness: 1 },
  shape: {
    environment: {
      PARLEY_GATEWAY_DRAIN_SPREAD_MS: String(spreadMs),
      PARLEY_GATEWAY_DRAIN_GRACE_MS: "2000",
      PARLEY_CHAT_SERVER_DRAIN_DEADLINE_MS: "10000",
      PARLEY_DRAIN_MS: "20000",
    },
  },
  async run(arena) {
    const { fleet, random, pause, inject, scene, requireLater } = arena;
    await pause(2_000);
    const beganAt = scene.now();
    for (const node of random.sample(fleet.nodes, fleet.nodes.length)) {
      const { starts, front, role } = node;
      const fault = inject(`${node.name} drains`);
      const watch = role === "gateway" && front !== undefined ? watchDepartures(front, scene.now) : undefined;
      node.end("SIGTERM");
      await node.back(starts);
      fault.end(`${node.name} is replaced`);
      if (watch !== undefined) judgeSpread(arena, node, watch.stop());
      await pause(betweenMs);
    }
    requireLater("no request waits longer than 2 s", ({ waits }) => {
      const during = waits.filter(({ to }) => to >= beganAt).map(({ from, to }) => to - from);
      const slowest = Math.max(0, ...during);
      const late = during.filter((wait) => wait > slowestSendMs).length;
      return {
        isMet: late === 0,
        seen: `the slowest of ${during.length} took ${Math.round(slowest)} ms${late === 0 ? "" : `; ${late} took longer than that`}`,
      };
    });
  },
};

function judgeSpread({ require, figure }: Arena<unknown>, { name }: FleetNode, departures: Departures): void {
  const { count, busiestHalfSecond, firstToLastMs } = departures;
  const seen = `${count} sockets over ${(firstToLastMs / 1_000).toFixed(1)} s, at most ${busiestHalfSecond} in half a second`;
  figure(`clients of ${name} left`, seen);
  if (count < telling) return;
  require(`the clients of ${name} come back spread`, busiestHalfSecond <= shareMax * count, seen);
}
