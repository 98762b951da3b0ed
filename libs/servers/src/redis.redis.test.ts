import { describe, expect, test } from "vitest";
import { startRedis, startRedisCluster } from "./redis.ts";
import { askRedis } from "./redis-command.ts";
import { requireServer } from "./require-server.ts";

const available = await requireServer("redis");

describe.skipIf(available === undefined)("a Redis of our own", () => {
  test("keeps nothing on disk and ends with close, also when closed twice", async () => {
    const redis = await startRedis();
    const port = Number(new URL(redis.url).port);
    expect(await askRedis(port, ["PING"])).toBe("PONG");
    expect(await askRedis(port, ["CONFIG", "GET", "save"])).toBeDefined();
    await Promise.all([redis.close(), redis.close()]);
    await expect(askRedis(port, ["PING"])).rejects.toThrow();
  });

  test("refuses a port that somebody else holds, and says so", async () => {
    const redis = await startRedis();
    await expect(startRedis({ port: Number(new URL(redis.url).port) })).rejects.toThrow("redis-server");
    await redis.close();
  });

  test("three masters on loopback share all slots", async () => {
    const cluster = await startRedisCluster();
    for (const url of cluster.urls) {
      const info = await askRedis(Number(new URL(url).port), ["CLUSTER", "INFO"]);
      expect(info).toContain("cluster_slots_ok:16384");
      expect(info).toContain("cluster_size:3");
    }
    await cluster.close();
  });
});
