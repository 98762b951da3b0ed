import type { ClusterRow } from "../row.ts";
import { openHerd } from "./herd.ts";

const sockets = 500;
const backWithinMs = 45_000;

export const row: ClusterRow = {
  number: 2,
  topology: "cluster",
  title: "gateway killed with 500 sockets",
  how:
    "Five hundred people more are connected, all to one gateway, beside those who write. The gateway is killed by " +
    "SIGKILL: all its sockets end at once, and everybody comes back through the other one.",
  load: { users: 50, actionsPerS: 60 },
  async run({ fleet, random, strike, pause, until, figure, scene }) {
    const [first, ...others] = random.sample(fleet.gateways, fleet.gateways.length);
    if (first === undefined) throw new Error("there is no gateway");
    const urls = [first, ...others].map(({ up }) => up.ws ?? "");
    const herd = await openHerd({ count: sockets, urls, tokenOf: fleet.tokenOf, random });
    try {
      await pause(1_500);
      const held = first.front?.connections ?? 0;
      if (held < sockets) throw new Error(`${first.name} holds ${held} sockets, not ${sockets}`);
      const { starts } = first;
      first.end("SIGKILL");
      strike(`${first.name} killed with ${held} sockets`);
      const from = scene.now();
      await until("the end of the sockets", () => herd.online() < herd.size, 10_000);
      await until("everybody back", () => herd.online() === herd.size, backWithinMs);
      figure("all of the 500 back after", `${((scene.now() - from) / 1_000).toFixed(1)} s`);
      await first.back(starts);
      await pause(1_000);
    } finally {
      await herd.close();
    }
  },
};
