import { expect, test } from "vitest";
import { runRedisGone } from "../bench/redis-gone/redis-gone.ts";

const say = (): void => {};

/** How fast is the benchmark's business (`npm run bench -- redis-gone`): here waits only tell "goes on" from "waits". */
test("chat goes on without Redis: acks, deliveries, sockets and ring stay, presence says that it is incomplete, and all comes back", {
  timeout: 300_000,
}, async () => {
  const result = await runRedisGone({
    kind: "dead",
    users: 20,
    channels: 6,
    messagesPerS: 6,
    beforeS: 2,
    goneS: 8,
    afterS: 8,
    seed: 9,
    gateways: 1,
    chatServers: 2,
    ackBoundMs: 8_000,
    deliveryBoundMs: 8_000,
    calmMs: 60_000,
    progress: { phase: say, tick: say, end: say },
  });
  expect(result.report.shown).toEqual([]);
  expect(result.demands).toEqual(result.demands.map((demand) => ({ ...demand, holds: true })));
});
