import type { ClusterRow } from "../row.ts";

const faultMs = 15_000;

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
    let [inserts, updates] = [0, 0];
    while (performance.now() < endAt) {
      const node = random.pick(fleet.chatServers);
      const command = random.chance(0.8) ? "insert" : "update";
      const afterMs = random.chance(0.7) ? random.integer(0, 50) : random.integer(50, 1_500);
      const rule = node.store?.hold({ command, nth: random.integer(1, 4), end: "cut", afterMs });
      await pause(random.integer(100, 500));
      if (command === "insert") inserts += rule?.hits ?? 0;
      else updates += rule?.hits ?? 0;
    }
    for (const { store } of fleet.chatServers) for (const rule of store?.rules ?? []) rule.cancel();
    const isHolding = (): boolean =>
      fleet.chatServers.some(({ store }) => store?.rules.some(({ holding }) => holding > 0));
    await until("the end of the last hold", () => !isHolding(), 10_000);
    fault.end("the store answers again");
    figure("replies of inserts cut", `${inserts} or more`);
    figure("replies of updates cut", `${updates} or more`);
    if (inserts < 5) throw new Error(`only ${inserts} inserts lost their reply: the load is too small for this row`);
  },
};
