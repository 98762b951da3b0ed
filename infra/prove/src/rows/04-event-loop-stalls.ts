import type { FleetNode } from "../fleet/node.ts";
import type { ClusterRow } from "../row.ts";

const stallMs = 3_000;
const betweenMs = 2_500;

export const row: ClusterRow = {
  number: 4,
  topology: "cluster",
  title: "event loop stalls for 3 s",
  how:
    "The event loop of one process after the other is kept busy for 3 s, as a regular expression that does not end " +
    "would: each chat server and each gateway in an order that the seed draws, and in the end all chat servers at once. " +
    "That is as long as their lease.",
  async run({ fleet, random, inject, pause }) {
    await pause(2_000);
    const stall = async (nodes: readonly FleetNode[]): Promise<void> => {
      const fault = inject(`${nodes.map(({ name }) => name).join(", ")} stalled`);
      for (const node of nodes) node.tell({ fault: "stall", ms: stallMs });
      await pause(stallMs);
      fault.end();
      await pause(betweenMs);
    };
    const nodes = [...fleet.chatServers, ...fleet.gateways];
    for (const node of random.sample(nodes, 4)) await stall([node]);
    await stall(fleet.chatServers);
  },
};
