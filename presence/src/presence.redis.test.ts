import { createTestTokens } from "@parley/auth/testing";
import { startSingleFabric, until } from "@parley/bus/testing";
import { type Connection, createRedisCluster } from "@parley/cluster";
import { openMemoryStore } from "@parley/store/testing";
import { createTestTelemetry } from "@parley/telemetry/testing";
import { expect, test } from "vitest";
import { presenceConfig } from "./config.ts";
import { startPresence } from "./presence.ts";

const times = { heartbeatMs: 200, leaseMs: 600 };
const load = { sessions: 1, eventLoopDelayMs: 0, cpu: 0 };

test("through a Redis that dies and comes back empty, nobody online is ever called offline", {
  timeout: 60_000,
}, async () => {
  const fabric = await startSingleFabric();
  const [ours, theirs] = [0, 1].map(() => createRedisCluster({ redis: fabric.redis, times }));
  if (ours === undefined || theirs === undefined) throw new Error("unreachable");
  const [store, tokens, telemetry] = [
    openMemoryStore(),
    createTestTokens(),
    createTestTelemetry("presence-1", "presence"),
  ];
  const config = presenceConfig.with({ port: 0, requestsPerMinute: 1_000_000, reapIntervalMs: 200 });
  const presence = await startPresence(config, { cluster: ours, store, tokens: tokens.verifier, telemetry });
  try {
    const chat = await theirs.registry.join({
      node: "chat-1",
      role: "chat-server",
      address: "tcp://127.0.0.1:1",
      process: "p",
      weight: 1,
      state: "up",
      load,
    });
    const connection: Connection = {
      connection: "s1",
      device: "phone",
      gateway: "gateway-1",
      node: chat.node,
      epoch: chat.epoch,
      since: 1,
    };
    await theirs.presence.put("ada", connection);
    const authorization = `Bearer ${tokens.sign("root", { scope: "admin" })}`;
    const ask = async () => {
      const response = await fetch(`${presence.httpUrl}/v1/presence/users/ada`, { headers: { authorization } });
      const body: { status: string; complete: boolean } = await response.json();
      return { http: response.status, ...body };
    };
    const seen: Awaited<ReturnType<typeof ask>>[] = [];
    const isSeen = async (complete: boolean) => {
      const answer = await ask();
      seen.push(answer);
      return answer.complete === complete && answer.http === 200;
    };
    await until(() => isSeen(true));
    await fabric.takeAway();
    await until(() => isSeen(false));
    await fabric.bringBack();
    await until(() => isSeen(true));
    expect(new Set(seen.map(({ http, status }) => `${http} ${status}`))).toEqual(new Set(["200 online"]));

    // The chat server dies without a word: one lease later its users are offline, and dated.
    await theirs.close();
    await until(async () => {
      const { status, ...rest } = await ask();
      return status === "offline" && "lastSeen" in rest;
    });
  } finally {
    await presence.close();
    await ours.close();
    await theirs.close();
    await store.close();
    telemetry.close();
    await fabric.close();
  }
});
