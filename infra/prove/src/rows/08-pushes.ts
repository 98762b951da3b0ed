import { requireSocketsStay } from "../means/sockets-stay.ts";
import type { ClusterRow } from "../row.ts";

const faultMs = 15_000;
const push = { drop: 0.1, double: 0.1, reorder: 0.3, reorderMs: 300 };

export const row: ClusterRow = {
  number: 8,
  topology: "cluster",
  title: "pub/sub loses 10 %, doubles 10 % and reorders",
  how:
    "For 15 s the proxy between Redis and every process loses one published message in ten, sends one in ten twice, " +
    "and holds three in ten back by up to 300 ms, so that later ones overtake them; which ones, the seed draws.",
  async run(arena) {
    requireSocketsStay(arena);
    const { fleet, inject, pause, figure } = arena;
    await pause(2_000);
    const fault = inject("pub/sub loses, doubles and reorders");
    for (const { redis } of fleet.nodes) redis.setPush(push);
    await pause(faultMs);
    for (const { redis } of fleet.nodes) redis.setPush({ drop: 0, double: 0, reorder: 0 });
    fault.end("pub/sub is whole again");
    for (const fact of ["pushes", "dropped", "doubled", "delayed"] as const) {
      const count = fleet.nodes.reduce((sum, { redis }) => sum + redis.pushCounters[fact], 0);
      figure(fact, String(count));
      if (count === 0) throw new Error(`not one push was ${fact}: the load is too small for this row`);
    }
  },
};
