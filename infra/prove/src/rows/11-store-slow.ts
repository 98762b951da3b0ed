import { requireSocketsStay } from "../means/sockets-stay.ts";
import type { ClusterRow } from "../row.ts";

const slowMs = 2_000;
const slowForMs = 10_000;
const trickleBytesPerS = 2_000;
const trickleForMs = 10_000;
const goneMs = 20_000;
const betweenMs = 4_000;

export const row: ClusterRow = {
  number: 11,
  topology: "cluster",
  title: "store slow (2 s), trickling, gone for 20 s",
  how:
    "For 10 s every request reaches the store 2 s late. Then for 10 s each connection to the store carries 2,000 bytes " +
    "a second. Then the store is gone for 20 s: all connections are reset, and new ones are refused.",
  async run(arena) {
    requireSocketsStay(arena);
    const { fleet, inject, pause } = arena;
    await pause(2_000);
    const stores = fleet.chatServers.flatMap(({ store }) => store ?? []);
    const slow = inject(`the store is slow: ${slowMs / 1_000} s a request`);
    const rules = stores.map((store) => store.slow({ ms: slowMs }));
    await pause(slowForMs);
    for (const rule of rules) rule.cancel();
    slow.end("the store is fast again");
    await pause(betweenMs);

    const trickle = inject(`the store trickles: ${trickleBytesPerS} bytes a second`);
    for (const store of stores) store.set({ bytesPerS: trickleBytesPerS });
    await pause(trickleForMs);
    for (const store of stores) store.set({ bytesPerS: null });
    trickle.end("the store flows again");
    await pause(betweenMs);

    const gone = inject("the store is gone");
    for (const store of stores) {
      store.set({ refuses: true });
      store.cut();
    }
    await pause(goneMs);
    for (const store of stores) store.set({ refuses: false });
    gone.end("the store is back");
    await pause(betweenMs);
  },
};
