import type { ClusterRow } from "../row.ts";

const faultMs = 15_000;
const hitWithinMs = 1_000;

export const row: ClusterRow = {
  number: 9,
  topology: "cluster",
  title: "store connection cut after the request went and before the reply came",
  how:
    "For 15 s, again and again: an insert of a chat server that the seed chooses goes through to the store, which does " +
    "it; its reply is held for up to a second and a half, and then the connection is reset instead. Now and then the " +
    "same is done to an update. The chat server cannot know whether its event is in.",
  async run({ fleet, random, inject, pause, until, figure }) {
    await pause(2_000);
    const fault = inject("replies of the store are cut off");
    const endAt = performance.now() + faultMs;
    const cut = { insert: 0, update: 0 };
    while (performance.now() < endAt) {
      const node = random.pick(fleet.chatServers);
      const command = random.chance(0.8) ? "insert" : "update";
      const afterMs = random.chance(0.7) ? random.integer(0, 50) : random.integer(50, 1_500);
      const rule = node.store?.hold({ command, nth: random.integer(1, 4), end: "cut", afterMs });
      // One at a time, so that most of what is sent gets through: else nothing new would be at stake.
      const giveUpAt = performance.now() + hitWithinMs;
      while (rule?.hits === 0 && performance.now() < giveUpAt) await pause(20);
      rule?.cancel();
      cut[command] += rule?.hits ?? 0;
      await pause(random.integer(0, 200));
    }
    const isHolding = (): boolean =>
      fleet.chatServers.some(({ store }) => store?.rules.some(({ holding }) => holding > 0));
    await until("the end of the last hold", () => !isHolding(), 10_000);
    fault.end("the store answers again");
    figure("replies of inserts cut", String(cut.insert));
    figure("replies of updates cut", String(cut.update));
    if (cut.insert < 5) throw new Error(`only ${cut.insert} inserts lost their reply: the load is too small`);
  },
};
