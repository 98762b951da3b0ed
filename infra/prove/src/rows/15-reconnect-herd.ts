import type { ClusterRow } from "../row.ts";
import { openHerd } from "./herd.ts";

const sockets = 2_000;
const backWithinMs = 180_000;

export const row: ClusterRow = {
  number: 15,
  topology: "cluster",
  title: "reconnect herd: 2,000 sockets at once",
  how:
    "Two thousand people are connected to one gateway, beside those who write, when it is killed. All come back at " +
    "once to the other one and, as soon as it is up again, to the one that fell; handshakes are let in by rate, so " +
    "that those who are connected do not suffer for those who come.",
  load: { users: 40, actionsPerS: 40 },
  async run({ fleet, random, strike, pause, until, figure, scene }) {
    const [first, ...others] = random.sample(fleet.gateways, fleet.gateways.length);
    if (first === undefined) throw new Error("there is no gateway");
    const urls = [first, ...others].map(({ up }) => up.ws ?? "");
    const herd = await openHerd({ count: sockets, urls, tokenOf: fleet.tokenOf, random });
    try {
      await pause(2_000);
      const held = first.front?.connections ?? 0;
      const { starts } = first;
      first.end("SIGKILL");
      strike(`${first.name} killed with ${held} sockets`);
      const from = scene.now();
      await until("the end of the sockets", () => herd.online() < herd.size - sockets / 2, 15_000);
      await until("three in four of the herd back", () => herd.online() >= herd.size - sockets / 4, backWithinMs);
      figure("three in four of the 2,000 back after", `${((scene.now() - from) / 1_000).toFixed(1)} s`);
      await until("the whole herd back", () => herd.online() === herd.size, backWithinMs);
      figure("all of the 2,000 back after", `${((scene.now() - from) / 1_000).toFixed(1)} s`);
      await first.back(starts);
      await pause(1_000);
    } finally {
      await herd.close();
    }
  },
};
