import { createTokenVerifier } from "@parley/auth";
import { createTestTokens } from "@parley/auth/testing";
import { createMemoryCluster, type Lease, type NodeInfo, type NodeRole } from "@parley/cluster";
import { createManualClock } from "@parley/cluster/testing";
import type { LogEvent } from "@parley/store";
import { openMemoryStore } from "@parley/store/testing";
import { createTestTelemetry } from "@parley/telemetry/testing";
import { afterEach, describe, expect, test } from "vitest";
import { presenceConfig } from "./config.ts";
import { startPresence } from "./presence.ts";

const apiKey = "k".repeat(40);
const otherKey = "o".repeat(40);

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const infoOf = (node: string, role: NodeRole): Omit<NodeInfo, "epoch"> => ({
  node,
  role,
  address: role === "gateway" ? "ws://127.0.0.1:1" : "tcp://127.0.0.1:2",
  process: `p-${node}`,
  weight: 1,
  state: "up",
  load: { sessions: 3, eventLoopDelayMs: 1.5, cpu: 0.25 },
});

async function start(changes: Partial<Parameters<typeof presenceConfig.with>[0]> = {}, aheadMs = 0) {
  const clock = createManualClock();
  const cluster = createMemoryCluster({ clock });
  const store = openMemoryStore();
  const tokens = createTestTokens();
  const telemetry = createTestTelemetry("presence-1", "presence");
  const config = presenceConfig.with({ port: 0, apiKeys: [otherKey, apiKey], reapIntervalMs: 100, ...changes });
  const { kid, key } = tokens.key;
  const verifier = createTokenVerifier({ algorithms: ["HS256"], keys: { [kid]: key }, now: () => Date.now() + aheadMs });
  const presence = await startPresence(config, { cluster, store, tokens: verifier, telemetry });
  closers.push(async () => {
    await presence.close();
    await cluster.close();
    await store.close();
    telemetry.close();
  });
  const chat = await cluster.registry.join(infoOf("chat-1", "chat-server"));
  clock.advance(5_000);

  async function ask(path: string, init: RequestInit & { key?: string | undefined } = {}): Promise<Answer> {
    const { key = apiKey, ...rest } = init;
    const headers = new Headers(init.headers);
    if (key !== "") headers.set("authorization", `Bearer ${key}`);
    const response = await fetch(`${presence.httpUrl}${path}`, { ...rest, headers });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text.startsWith("{") ? JSON.parse(text) : { text } };
  }
  const query = (users: unknown, init: RequestInit = {}) =>
    ask("/v1/presence/query", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ users }),
      ...init,
    });
  let sockets = 0;
  async function connect(user: string, device = "phone", lease: Lease = chat): Promise<string> {
    const connection = `s${(sockets += 1)}`;
    const place = { node: lease.node, epoch: lease.epoch, gateway: "gateway-1", since: 1_700_000_000_000 };
    await cluster.presence.put(user, { connection, device, ...place });
    return connection;
  }
  return { clock, cluster, store, tokens, telemetry, presence, chat, ask, query, connect };
}

/** Appends control and other events as a chat server would. */
function createLog(channel: string) {
  let [seq, control, ordinal] = [0, 0, 0];
  return (body: LogEvent["body"]): LogEvent => {
    seq += 1;
    if (body.kind === "message") ordinal += 1;
    const event = { channel, seq, sender: "ada", id: `r${seq}`, time: seq, ordinal, control, hash: "h", body };
    if (body.kind === "created" || body.kind === "member") control = seq;
    return event;
  };
}

const deviceAnswer = { device: "phone", gateway: "gateway-1", server: "chat-1", since: 1_700_000_000_000 };

describe("who may ask", () => {
  test("an API key or a token with scope admin; nothing is 401, garbage is 401, a user's token is 403", async () => {
    const { ask, tokens } = await start();
    for (const key of [apiKey, otherKey, tokens.sign("root", { scope: "admin" }), tokens.sign("root", { scope: "x admin" })]) {
      expect((await ask("/v1/cluster", { key })).status).toBe(200);
    }
    for (const key of ["", `${apiKey}x`, apiKey.slice(1), "a.b.c", tokens.sign("root", { scope: "admin" }).slice(0, -3)]) {
      const { status, headers, body } = await ask("/v1/cluster", { key });
      expect(status).toBe(401);
      expect(headers.get("content-type")).toContain("application/problem+json");
      expect(headers.get("www-authenticate")).toBe("Bearer");
      expect(body).toMatchObject({ status: 401, title: "Unauthorized", code: "unauthenticated" });
    }
    for (const claims of [{}, { scope: "administrator" }, { scope: "Admin" }]) {
      const { status, body } = await ask("/v1/cluster", { key: tokens.sign("ada", claims) });
      expect([status, body["code"]]).toEqual([403, "forbidden"]);
    }
  });

  test("an expired token is 401 and says so", async () => {
    const { ask, tokens } = await start({}, 7_200_000);
    const key = tokens.sign("root", { scope: "admin" });
    expect(await ask("/v1/cluster", { key })).toMatchObject({ status: 401, body: { code: "token_expired" } });
  });

  test("no route below /v1 answers without a key, whatever its spelling", async () => {
    const { ask } = await start();
    for (const path of ["/v1/presence/online/", "/V1/presence/online", "/v1/presence/../presence/online", "/v1//presence/online"]) {
      expect([401, 404]).toContain((await ask(path, { key: "" })).status);
    }
  });

  test("over the limit a key gets 429 with Retry-After, and other keys do not notice", async () => {
    const { ask } = await start({ requestsPerMinute: 3 });
    for (let count = 0; count < 3; count += 1) expect((await ask("/v1/cluster")).status).toBe(200);
    const { status, headers, body } = await ask("/v1/cluster");
    expect([status, body["code"]]).toEqual([429, "rate_limited"]);
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await ask("/v1/cluster", { key: otherKey })).status).toBe(200);
  });

  test("guessing keys is limited by address, and does not lock out who has one", async () => {
    const { ask } = await start({ refusalsPerMinute: 2 });
    const guess = () => ask("/v1/cluster", { key: "g".repeat(40) });
    expect([(await guess()).status, (await guess()).status, (await guess()).status]).toEqual([401, 401, 429]);
    expect((await ask("/v1/cluster")).status).toBe(200);
  });
});

describe("presence of a user", () => {
  test("online with each device, then offline with lastSeen", async () => {
    const { ask, connect, cluster } = await start();
    const phone = await connect("ada");
    await connect("ada", "laptop");
    const { status, body } = await ask("/v1/presence/users/ada");
    expect(status).toBe(200);
    expect(body).toEqual({
      user: "ada",
      status: "online",
      complete: true,
      devices: [deviceAnswer, { ...deviceAnswer, device: "laptop" }],
    });
    await cluster.presence.remove("ada", phone, 1_000);
    await cluster.presence.remove("ada", "s2", 2_000);
    expect((await ask("/v1/presence/users/ada")).body).toEqual({
      user: "ada",
      status: "offline",
      lastSeen: 2_000,
      devices: [],
      complete: true,
    });
  });

  test("nobody has ever seen: 404; a member of some channel who never came: offline", async () => {
    const { ask, store } = await start();
    expect(await ask("/v1/presence/users/nobody")).toMatchObject({ status: 404, body: { code: "not_found" } });
    await store.markIn(["shy"], "room", 1);
    expect(await ask("/v1/presence/users/shy")).toMatchObject({ status: 200, body: { status: "offline", devices: [] } });
  });

  test.each(["a b", "a%00", "ä", "x".repeat(65), "a:b", "%2e%2e"])("the id %j is refused and the field named", async (id) => {
    const { ask } = await start();
    const { status, body } = await ask(`/v1/presence/users/${encodeURI(id)}`);
    expect([status, body["field"], body["code"]]).toEqual([400, "user", "bad_request"]);
  });

  test("constructor and __proto__ are names like others", async () => {
    const { ask, connect, query } = await start();
    await connect("constructor");
    expect((await ask("/v1/presence/users/constructor")).body).toMatchObject({ status: "online" });
    expect((await query(["__proto__"])).body).toMatchObject({ users: [{ user: "__proto__", status: "offline" }] });
  });
});

describe("presence of many", () => {
  test("in the order asked, repeated as asked", async () => {
    const { connect, query } = await start();
    await connect("ben");
    const { status, body } = await query(["cy", "ben", "cy"]);
    expect(status).toBe(200);
    expect(body).toEqual({
      complete: true,
      users: [
        { user: "cy", status: "offline", devices: [] },
        { user: "ben", status: "online", devices: [deviceAnswer] },
        { user: "cy", status: "offline", devices: [] },
      ],
    });
  });

  test("0, 999 and 1,000 users pass, 1,001 are refused", async () => {
    const { query } = await start();
    for (const count of [0, 999, 1_000]) {
      const { status, body } = await query(Array.from({ length: count }, (_, index) => `u${index}`.padEnd(64, "x")));
      expect([status, Array.isArray(body["users"]) ? body["users"].length : -1]).toEqual([200, count]);
    }
    const { status, body } = await query(Array.from({ length: 1_001 }, (_, index) => `u${index}`));
    expect([status, body["field"]]).toEqual([400, "users"]);
  });

  test.each([
    [undefined, "users"],
    [null, "users"],
    ["ada", "users"],
    [{ 0: "ada" }, "users"],
    [["ada", 5], "users[1]"],
    [["ada", "b", { $gt: "" }], "users[2]"],
    [[""], "users[0]"],
    [["a\r\nb"], "users[0]"],
  ])("users %j is refused and %s named", async (users, field) => {
    const { query } = await start();
    const { status, body } = await query(users);
    expect([status, body["field"]]).toEqual([400, field]);
  });

  test("a body that is no JSON, no object, too large or of another type is refused", async () => {
    const { query } = await start();
    for (const body of ["{", "[]", "null", '"x"', "5", '{"__proto__": {"users": []}}']) {
      const answer = await query([], { body });
      expect([body, answer.status, answer.body["code"]]).toEqual([body, 400, "bad_request"]);
    }
    expect((await query([], { body: JSON.stringify({ users: ["x".repeat(200_000)] }) })).status).toBe(413);
    expect((await query([], { headers: { "content-type": "text/xml" } })).status).toBe(415);
  });
});

describe("members of a channel", () => {
  test("those online, with roles, as the log's control events say, page by page", async () => {
    const { ask, store, connect } = await start();
    const next = createLog("room");
    const message = (text: string): LogEvent["body"] => ({ kind: "message", text });
    await store.append("room", [
      next({
        kind: "created",
        channelKind: "group",
        members: [
          { user: "ada", role: "owner" },
          { user: "ben", role: "member" },
          { user: "cy", role: "member" },
        ],
      }),
      next(message("hello")),
      next({ kind: "member", user: "dan", change: "joined", role: "reader" }),
      next({ kind: "member", user: "ben", change: "removed" }),
      next(message("bye ben")),
      next({ kind: "member", user: "dan", change: "role", role: "moderator" }),
      next(message("last")),
    ]);
    for (const user of ["ada", "ben", "dan", "eve"]) await connect(user);
    const { status, body } = await ask("/v1/presence/channels/room");
    expect(status).toBe(200);
    expect(body).toEqual({
      complete: true,
      channel: "room",
      members: 3,
      users: [
        { user: "ada", status: "online", devices: [deviceAnswer], role: "owner" },
        { user: "dan", status: "online", devices: [deviceAnswer], role: "moderator" },
      ],
    });
    const first = await ask("/v1/presence/channels/room?limit=1");
    expect(first.body).toMatchObject({ users: [{ user: "ada" }], cursor: "ada" });
    const second = await ask("/v1/presence/channels/room?limit=1&cursor=ada");
    expect(second.body).toMatchObject({ users: [{ user: "dan" }] });
    expect(second.body).not.toHaveProperty("cursor");

    // What has changed since is read on top of what is known.
    await store.append("room", [next({ kind: "member", user: "ben", change: "joined", role: "member" })]);
    await store.append("room", [next({ kind: "member", user: "ada", change: "left" })]);
    const later = await ask("/v1/presence/channels/room");
    expect(later.body).toMatchObject({ members: 3, users: [{ user: "ben" }, { user: "dan" }] });
  });

  test("a channel without a log is 404, and wrong limits and cursors are named", async () => {
    const { ask } = await start();
    expect(await ask("/v1/presence/channels/none")).toMatchObject({ status: 404, body: { code: "not_found" } });
    for (const limit of ["0", "-1", "1001", "1e3", "x", "", "10&limit=20"]) {
      const { status, body } = await ask(`/v1/presence/channels/none?limit=${limit}`);
      expect([limit, status, body["field"]]).toEqual([limit, 400, "limit"]);
    }
    expect(await ask("/v1/presence/channels/none?cursor=a%0d%0a")).toMatchObject({ status: 400, body: { field: "cursor" } });
  });
});

describe("everyone online", () => {
  test("page by page, each once", async () => {
    const { ask, connect } = await start();
    const users = Array.from({ length: 7 }, (_, index) => `user-${index}`);
    for (const user of users) await connect(user);
    const walked: unknown[] = [];
    let cursor: unknown = "";
    do {
      const { body } = await ask(`/v1/presence/online?limit=3${cursor === "" ? "" : `&cursor=${cursor}`}`);
      for (const { user } of body["users"] as { user: string }[]) walked.push(user);
      cursor = body["cursor"];
    } while (cursor !== undefined);
    expect(walked).toEqual(users);
    expect(await ask("/v1/presence/online?cursor=!")).toMatchObject({ status: 400, body: { field: "cursor" } });
  });
});

describe("when the registry cannot say", () => {
  test("out of reach: last known stands, nothing known is unknown, nothing is offline, and all say complete: false", async () => {
    const { ask, connect, query, cluster } = await start();
    await connect("ada");
    await query(["ada", "ben"]);
    cluster.setUp(false);
    expect((await ask("/v1/presence/users/ada")).body).toMatchObject({ status: "online", complete: false });
    const { status, body } = await query(["ada", "ben", "cy"]);
    expect(status).toBe(200);
    expect(body).toEqual({
      complete: false,
      users: [
        { user: "ada", status: "online", devices: [deviceAnswer] },
        { user: "ben", status: "offline", devices: [] },
        { user: "cy", status: "unknown", devices: [] },
      ],
    });
    expect((await ask("/v1/presence/users/cy")).body).toEqual({
      user: "cy",
      status: "unknown",
      devices: [],
      complete: false,
    });
    expect((await ask("/v1/presence/online")).body).toMatchObject({ complete: false, users: [{ user: "ada" }] });
    expect((await ask("/v1/cluster")).body).toMatchObject({ complete: false, chatServers: [{ node: "chat-1" }] });
  });

  test("just after it has come back, what is missing is still no proof; one lease later it is", async () => {
    const { ask, query, cluster, clock } = await start();
    await query([]);
    cluster.setUp(false);
    cluster.setUp(true);
    expect((await query(["cy"])).body).toMatchObject({ complete: false, users: [{ status: "unknown" }] });
    expect((await ask("/v1/presence/users/nobody")).body).toMatchObject({ status: "unknown", complete: false });
    clock.advance(5_000);
    expect((await query(["cy"])).body).toMatchObject({ complete: true, users: [{ status: "offline" }] });
  });

  test("a node that died takes its users offline, and the reaper dates them", async () => {
    const { query, connect, cluster, clock } = await start();
    const dying = await cluster.registry.join(infoOf("chat-2", "chat-server"));
    await connect("ada", "phone", dying);
    cluster.stall("chat-2");
    clock.advance(10_000);
    for (;;) {
      const [found] = (await query(["ada"])).body["users"] as { status: string; lastSeen?: number }[];
      expect(found?.status).toBe("offline");
      if (found?.lastSeen !== undefined) break;
    }
  });
});

describe("the fleet", () => {
  test("gateways, chat servers with their ring share, presence; a draining server has no share", async () => {
    const { ask, cluster } = await start();
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
    const { ask } = await start();
    const page = await ask("/docs/", { key: "" });
    expect(page.status).toBe(200);
    expect(String(page.body["text"])).not.toMatch(/(src|href)="(https?:)?\/\//);
    const { body } = await ask("/docs/json", { key: "" });
    expect(Object.keys(body["paths"] as object).sort()).toEqual([
      "/v1/cluster",
      "/v1/presence/channels/{channel}",
      "/v1/presence/online",
      "/v1/presence/query",
      "/v1/presence/users/{user}",
    ]);
  });

  test("an unknown route is a problem too", async () => {
    const { ask } = await start();
    const { status, headers } = await ask("/v2/x");
    expect([status, headers.get("content-type")?.includes("problem+json")]).toEqual([404, true]);
  });

  test("a store that is away answers 503 with Retry-After where the log is needed, and makes the process unready", async () => {
    const { ask, store, presence } = await start();
    expect(await presence.isReady()).toBe(true);
    await store.close();
    const { status, headers, body } = await ask("/v1/presence/channels/room");
    expect([status, body["code"], headers.get("retry-after")]).toEqual([503, "unavailable", "2"]);
    expect(await presence.isReady()).toBe(false);
  });

  test("draining is told to the fleet, and closing leaves it; both may be repeated", async () => {
    const { ask, presence, cluster } = await start();
    await presence.drain();
    expect((await ask("/v1/cluster")).body).toMatchObject({ presence: [{ node: "presence-1", draining: true }] });
    await presence.close();
    await presence.close();
    expect(cluster.registry.view().nodes.map(({ node }) => node)).toEqual(["chat-1"]);
  });

  test("no key or token is ever logged", async () => {
    const { ask, tokens, telemetry, store } = await start();
    const token = tokens.sign("root", { scope: "admin" });
    await store.close();
    for (const key of [apiKey, token, "g".repeat(40)]) await ask("/v1/presence/channels/room", { key });
    const logged = JSON.stringify(telemetry.lines);
    for (const secret of [apiKey, token, "g".repeat(40)]) expect(logged).not.toContain(secret);
  });
});
