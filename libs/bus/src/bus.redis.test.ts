import { afterAll, beforeAll, expect, test } from "vitest";
import type { Bus } from "./bus.ts";
import { busContract, until } from "./bus-contract.ts";
import { createRedisBus } from "./bus-redis.ts";
import { startTestRedis, type TestRedis } from "./servers-testing.ts";

busContract("Redis", async () => {
  const server = await startTestRedis();
  const redis = { kind: "standalone", url: server.url } as const;
  return {
    connect: () => createRedisBus({ redis }),
    takeAway: () => server.kill(),
    bringBack: () => server.restart(),
    close: () => server.close(),
  };
});
