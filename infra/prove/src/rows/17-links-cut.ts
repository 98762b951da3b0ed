import type { ClusterRow } from "../row.ts";

const rounds = 2;

/** What may become of a link: closed in everybody's face, or silent. */
const ways = [
  { what: "cut, and refused", faults: { refuses: true }, isCut: true },
  { what: "silent, new ones as well", faults: { blackHole: true }, isCut: false },
  { what: "half-open", faults: { halfOpen: true }, isCut: false },
] as const;

export const row: ClusterRow = {
  number: 17,
  topology: "cluster",
  title: "links cut one by one and restored in random order",
  how:
    "The links between the gateways and one chat server after the other are cut, in an order and a way that the seed " +
    "draws: reset and refused, silent without an end, or half-open; for a moment all are. They are restored in another " +
    "random order. Twice.",
  async run({ fleet, random, inject, pause }) {
    await pause(2_000);
    for (let round = 0; round < rounds; round += 1) {
      const cut: { readonly restore: () => void }[] = [];
      for (const { name, front } of random.sample(fleet.chatServers, fleet.chatServers.length)) {
        const way = random.pick(ways);
        const fault = inject(`links to ${name} ${way.what}`);
        front?.set(way.faults);
        if (way.isCut) front?.cut();
        const restore = (): void => {
          front?.heal();
          fault.end(`links to ${name} restored`);
        };
        cut.push({ restore });
        await pause(random.integer(500, 4_000));
      }
      for (const { restore } of random.sample(cut, cut.length)) {
        restore();
        await pause(random.integer(500, 3_000));
      }
      await pause(3_000);
    }
  },
};
