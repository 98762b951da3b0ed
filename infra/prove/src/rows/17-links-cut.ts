import type { FaultChange, TcpProxy } from "@parley/simulator/faults";
import type { Fleet } from "../fleet/fleet.ts";
import { requireSocketsStay } from "../means/sockets-stay.ts";
import type { ClusterRow } from "../row.ts";
import type { Arena } from "../run/arena.ts";

interface Link {
  readonly name: string;
  readonly proxy: TcpProxy;
}

/** What may become of a link: closed in everybody's face, or silent. */
const ways: readonly { readonly what: string; readonly faults: FaultChange; readonly isCut: boolean }[] = [
  { what: "reset and refused", faults: { refuses: true }, isCut: true },
  { what: "silent, new ones as well", faults: { blackHole: true }, isCut: false },
  { what: "half-open", faults: { halfOpen: true }, isCut: false },
];

function linksToChatServers({ chatServers }: Fleet): readonly Link[] {
  return chatServers.flatMap(({ name, front }) => (front === undefined ? [] : [{ name: `to ${name}`, proxy: front }]));
}

function allLinks(fleet: Fleet): readonly Link[] {
  const redis = fleet.nodes.map(({ name, redis: proxy }) => ({ name: `${name} to Redis`, proxy }));
  const stores = fleet.chatServers.flatMap(({ name, store }) =>
    store === undefined ? [] : [{ name: `${name} to the store`, proxy: store }],
  );
  return [...linksToChatServers(fleet), ...redis, ...stores];
}

/** Cuts them one by one, so that for a moment all are cut, and restores them one by one in another order. */
async function cutAndRestore(
  { random, inject, pause }: Arena<Fleet>,
  links: readonly Link[],
  betweenMs: readonly [number, number],
): Promise<void> {
  const restores: (() => void)[] = [];
  for (const { name, proxy } of random.sample(links, links.length)) {
    const { what, faults, isCut } = random.pick(ways);
    const fault = inject(`${name}: ${what}`);
    proxy.set(faults);
    if (isCut) proxy.cut();
    restores.push(() => {
      proxy.heal();
      fault.end(`${name}: restored`);
    });
    await pause(random.integer(...betweenMs));
  }
  for (const restore of random.sample(restores, restores.length)) {
    restore();
    await pause(random.integer(...betweenMs));
  }
}

export const row: ClusterRow = {
  number: 17,
  topology: "cluster",
  title: "links cut one by one and restored in random order",
  how:
    "The links between the gateways and one chat server after the other are cut, in an order and a way that the seed " +
    "draws: reset and refused, silent without an end, or half-open; for a moment all are. They are restored in another " +
    "random order. Then the same is done to every link there is, those to Redis and to the store included, faster.",
  async run(arena) {
    requireSocketsStay(arena);
    const { fleet, pause } = arena;
    await pause(2_000);
    await cutAndRestore(arena, linksToChatServers(fleet), [500, 4_000]);
    await pause(4_000);
    await cutAndRestore(arena, allLinks(fleet), [100, 1_500]);
    await pause(3_000);
  },
};
