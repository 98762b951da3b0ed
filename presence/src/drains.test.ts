import { describe, expect, test } from "vitest";
import { infoOf, startFixture } from "./fixture.ts";

const post = { method: "POST" };

describe("POST /v1/admin/servers/{node}/drain", () => {
  test("asks the node, says what ends with it and where to watch; asking again is the same, and 200 once it drains", async () => {
    const { ask, cluster, chat } = await startFixture();
    const mate = await cluster.registry.join({ ...infoOf("gateway-1", "gateway"), process: "p-chat-1" });
    let asked = 0;
    chat.onDrainAsked(() => {
      asked += 1;
    });
    const first = await ask("/v1/admin/servers/chat-1/drain", post);
    expect(first).toMatchObject({
      status: 202,
      body: {
        node: "chat-1",
        epoch: chat.epoch,
        nodes: ["chat-1", "gateway-1"],
        draining: false,
        watch: "/v1/cluster",
      },
    });
    expect(first.headers.get("location")).toBe("/v1/cluster");
    expect((await ask("/v1/admin/servers/chat-1/drain", post)).status).toBe(202);
    expect(asked).toBe(1);

    await chat.update({ state: "draining", drain: { since: 1_700_000_000_000, sessionsAtBegin: 40 } });
    expect(await ask("/v1/admin/servers/chat-1/drain", post)).toMatchObject({ status: 200, body: { draining: true } });
    await chat.update({ load: { sessions: 7, eventLoopDelayMs: 1, cpu: 0, openRequests: 2 } });
    await mate.update({ state: "draining" });
    const { body } = await ask("/v1/cluster");
    expect(body["chatServers"]).toMatchObject([
      {
        node: "chat-1",
        draining: true,
        drain: { since: 1_700_000_000_000, sessionsAtBegin: 40, sessionsLeft: 7, openRequests: 2 },
      },
    ]);
    expect(body["gateways"]).toMatchObject([{ node: "gateway-1", draining: true }]);
  });

  test("no key is 401, a user's token 403, an unknown node 404, a name that is none 400, all as problem+json", async () => {
    const { ask, tokens, chat } = await startFixture();
    let asked = 0;
    chat.onDrainAsked(() => {
      asked += 1;
    });
    const path = "/v1/admin/servers/chat-1/drain";
    for (const [where, key, status, code] of [
      [path, "", 401, "unauthenticated"],
      [path, tokens.sign("ada"), 403, "forbidden"],
      ["/v1/admin/servers/chat-9/drain", undefined, 404, "not_found"],
      ["/v1/admin/servers/a%20b/drain", undefined, 400, "bad_request"],
    ] as const) {
      const { status: got, headers, body } = await ask(where, { ...post, ...(key === undefined ? {} : { key }) });
      expect([got, body["code"]]).toEqual([status, code]);
      expect(headers.get("content-type")).toContain("application/problem+json");
    }
    expect((await ask(path)).status).toBe(404);
    expect(asked).toBe(0);
  });

  test("while the registry is away the answer is 503: whether the node was asked is not known", async () => {
    const { ask, cluster } = await startFixture();
    cluster.setUp(false);
    const { status, headers } = await ask("/v1/admin/servers/chat-1/drain", post);
    expect([status, headers.get("retry-after")]).toEqual([503, "2"]);
    cluster.setUp(true);
  });

  test("presence drains itself when it is asked, and answers meanwhile", async () => {
    const { ask, presence } = await startFixture();
    let asked = 0;
    presence.onDrainAsked(() => {
      asked += 1;
    });
    expect((await ask("/v1/admin/servers/presence-1/drain", post)).status).toBe(202);
    expect(asked).toBe(1);
    await presence.drain();
    const { body } = await ask("/v1/cluster");
    expect(body["presence"]).toMatchObject([{ node: "presence-1", draining: true, drain: { sessionsLeft: 0 } }]);
  });
});
