import { crashPoints } from "@parley/run/testing";
import { requireSocketsStay } from "../means/sockets-stay.ts";
import type { ClusterRow } from "../row.ts";

const betweenMs = 3_500;
/** The server may be the home of quiet channels only: until its fifth append some ten seconds were seen to go by. */
const endsWithinMs = 30_000;

export const row: ClusterRow = {
  number: 1,
  topology: "cluster",
  title: "chat server killed before the insert, after the insert before the ack, after the ack before the publish",
  how:
    "One chat server after the other ends itself by SIGKILL in the middle of an append: before the store knows of the " +
    "event; when the store has it and nobody else knows; when the sender has its ack and no other server has heard " +
    "of it. A fourth kill comes from outside, at a moment that the seed chooses. A supervisor starts each again. No " +
    "client may lose its socket by it.",
  async run(arena) {
    const { fleet, random, strike, pause, until } = arena;
    requireSocketsStay(arena);
    await pause(2_000);
    const order = random.sample(fleet.chatServers, fleet.chatServers.length);
    for (const [index, point] of crashPoints.entries()) {
      const node = order[index % order.length];
      if (node === undefined) continue;
      const { starts } = node;
      node.expectEnd("SIGKILL");
      node.tell({ fault: "crash", point, nth: random.integer(1, 5) });
      await until(`${node.name} ending itself ${point}`, () => !node.isUp || node.starts > starts, endsWithinMs);
      strike(`${node.name} killed ${point}`);
      await node.back(starts);
      await pause(betweenMs);
    }
    const node = random.pick(fleet.chatServers);
    await pause(random.integer(0, 500));
    const { starts } = node;
    node.end("SIGKILL");
    strike(`${node.name} killed from outside`);
    await node.back(starts);
    await pause(1_000);
  },
};
