import type { Random } from "@parley/simulator";
import type { FleetNode } from "../fleet/node.ts";
import { requireSocketsStay } from "../means/sockets-stay.ts";
import type { ClusterRow } from "../row.ts";

const faultMs = 15_000;
/** On a machine that is busy the fault lasts longer, until so many inserts have lost their reply. */
const cutsMin = 15;
const faultMsMax = 60_000;
const hitWithinMs = 1_000;

export const row: ClusterRow = {
  number: 9,
  topology: "cluster",
  title: "store connection cut after the request went and before the reply came",
  how:
    "For 15 s, again and again: an insert of each chat server goes through to the store, which does it; its reply is " +
    "held for up to a second and a half, and then the connection is reset instead. Now and then the " +
    "same is done to an update. The chat server cannot know whether its event is in.",
  async run(arena) {
    requireSocketsStay(arena);
    const { fleet, random, inject, pause, until, figure } = arena;
    await pause(2_000);
    const fault = inject("replies of the store are cut off");
    const beganAt = performance.now();
    const cut = { insert: 0, update: 0 };
    const isOver = (): boolean => {
      const elapsed = performance.now() - beganAt;
      return elapsed > faultMsMax || (elapsed > faultMs && cut.insert >= cutsMin);
    };
    const cutReplies = async ({ store }: FleetNode, chance: Random): Promise<void> => {
      while (!isOver()) {
        const command = chance.chance(0.8) ? "insert" : "update";
        const afterMs = chance.chance(0.7) ? chance.integer(0, 50) : chance.integer(50, 1_500);
        const rule = store?.hold({ command, nth: chance.integer(1, 4), end: "cut", afterMs });
        // One at a time, so that most of what is sent gets through: else nothing new would be at stake.
        const giveUpAt = performance.now() + hitWithinMs;
        while (rule?.hits === 0 && performance.now() < giveUpAt) await pause(20);
        rule?.cancel();
        cut[command] += rule?.hits ?? 0;
        await pause(chance.integer(0, 200));
      }
    };
    await Promise.all(fleet.chatServers.map((node) => cutReplies(node, random.fork())));
    const isHolding = (): boolean =>
      fleet.chatServers.some(({ store }) => store?.rules.some(({ holding }) => holding > 0));
    await until("the end of the last hold", () => !isHolding(), 10_000);
    fault.end("the store answers again");
    figure("replies of inserts cut", String(cut.insert));
    figure("replies of updates cut", String(cut.update));
    if (cut.insert < cutsMin) throw new Error(`only ${cut.insert} inserts lost their reply: the load is too small`);
  },
};
