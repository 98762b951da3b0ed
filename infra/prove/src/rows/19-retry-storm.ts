import type { ClusterRow } from "../row.ts";

export const row: ClusterRow = {
  number: 19,
  topology: "cluster",
  title: "client retry storm, every frame sent twice",
  how:
    "Every device sends every frame twice, one right after the other, from the beginning to the end; and connections " +
    "end thirty times sooner than in life, so that much is sent again besides. For some seconds all links between " +
    "gateways and chat servers are slow as well, so that copies meet in flight.",
  load: { sendsTwice: true, restlessness: 30, actionsPerS: 60 },
  async run({ fleet, random, inject, pause, figure, scene }) {
    await pause(4_000);
    for (let round = 0; round < 2; round += 1) {
      const latencyMs = random.integer(40, 250);
      const fault = inject(`links to all chat servers slower by ${latencyMs} ms and more`);
      for (const { front } of fleet.chatServers) front?.set({ latencyMs, jitterMs: latencyMs });
      await pause(4_000);
      for (const { front } of fleet.chatServers) front?.heal();
      fault.end();
      await pause(2_000);
    }
    figure("frames sent, each twice", `${scene.counters.sent}`);
  },
};
