import { describe, expect, test } from "vitest";
import { apiKey, infoOf, startFixture } from "./fixture.ts";

describe("the fleet", () => {
  test("gateways, chat servers with their ring share, presence; a draining server has no share", async () => {
    const { ask, cluster } = await startFixture();
    await cluster.registry.join(infoOf("gateway-1", "gateway"));
    const second = await cluster.registry.join(infoOf("chat-2", "chat-server"));
    const shares = async () => {
      const { body } = await ask("/v1/cluster");
      const servers = body["chatServers"] as { node: string; ringShare: number; draining: boolean }[];
      return servers.map(({ ringShare, draining }) => [draining, ringShare] as const);
    };
    const both = await shares();
    expect(both.reduce((sum, [, share]) => sum + share, 0)).toBeCloseTo(1, 5);
    await second.update({ state: "draining" });
    expect(await shares()).toEqual([
      [false, 1],
      [true, 0],
    ]);
    const { body } = await ask("/v1/cluster");
    expect(body).toMatchObject({
      complete: true,
      gateways: [{ node: "gateway-1", address: "ws://127.0.0.1:1", draining: false, load: { sessions: 3, cpu: 0.25 } }],
      presence: [{ node: "presence-1", draining: false }],
    });
  });
});

describe("the process", () => {
  test("documents every route at /docs, without a key and without anything from elsewhere", async () => {
    const { ask } = await startFixture();
    const page = await ask("/docs/", { key: "" });
    expect(page.status).toBe(200);
    expect(String(page.body["text"])).not.toMatch(/(src|href)="(https?:)?\/\//);
    const { body } = await ask("/docs/json", { key: "" });
    expect(Object.keys(body["paths"] as object).sort()).toEqual([
      "/v1/admin/servers/{node}/drain",
      "/v1/cluster",
      "/v1/presence/channels/{channel}",
      "/v1/presence/online",
      "/v1/presence/query",
      "/v1/presence/users/{user}",
    ]);
  });

  test("an unknown route is a problem too", async () => {
    const { ask } = await startFixture();
    const { status, headers } = await ask("/v2/x");
    expect([status, headers.get("content-type")?.includes("problem+json")]).toEqual([404, true]);
  });

  test("a store that is away answers 503 with Retry-After where the log is needed, and makes the process unready", async () => {
    const { ask, store, presence } = await startFixture();
    expect(await presence.isReady()).toBe(true);
    await store.close();
    const { status, headers, body } = await ask("/v1/presence/channels/room");
    expect([status, body["code"], headers.get("retry-after")]).toEqual([503, "unavailable", "2"]);
    expect(await presence.isReady()).toBe(false);
  });

  test("draining is told to the fleet, and closing leaves it; both may be repeated", async () => {
    const { ask, presence, cluster } = await startFixture();
    await presence.drain();
    expect((await ask("/v1/cluster")).body).toMatchObject({ presence: [{ node: "presence-1", draining: true }] });
    await presence.close();
    await presence.close();
    expect(cluster.registry.view().nodes.map(({ node }) => node)).toEqual(["chat-1"]);
  });

  test("no key or token is ever logged", async () => {
    const { ask, tokens, telemetry, store } = await startFixture();
    const token = tokens.sign("root", { scope: "admin" });
    await store.close();
    for (const key of [apiKey, token, "g".repeat(40)]) await ask("/v1/presence/channels/room", { key });
    const logged = JSON.stringify(telemetry.lines);
    for (const secret of [apiKey, token, "g".repeat(40)]) expect(logged).not.toContain(secret);
  });
});
