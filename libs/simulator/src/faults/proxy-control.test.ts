import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type MongoProxy, startMongoProxy } from "./mongo-proxy.ts";
import { type ProxyControl, startProxyControl } from "./proxy-control.ts";
import { type RedisProxy, startRedisProxy } from "./redis-proxy.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

let tcp: TcpProxy;
let mongo: MongoProxy;
let redis: RedisProxy;
let control: ProxyControl;

beforeAll(async () => {
  tcp = await startTcpProxy({ target: { host: "127.0.0.1", port: 1 }, seed: 1 });
  mongo = await startMongoProxy({ url: "mongodb://127.0.0.1:1/?replicaSet=x", seed: 1 });
  redis = await startRedisProxy({ url: "redis://127.0.0.1:1", seed: 1 });
  control = await startProxyControl({ tcp, mongo, redis });
});
afterAll(async () => {
  await control.close();
  await Promise.all([tcp.close(), mongo.close(), redis.close()]);
});

async function ask(method: string, path: string, body?: unknown): Promise<{ status: number; answer: unknown }> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(control.url + path, { method, ...(body === undefined ? {} : { body: text }) });
  return { status: response.status, answer: await response.json() };
}

describe("proxies driven over HTTP", () => {
  test("are listed with what they stand for, and shown one by one", async () => {
    const { answer } = await ask("GET", "/proxies");
    expect(answer).toMatchObject([
      { name: "tcp", port: tcp.port, connections: 0 },
      { name: "mongo" },
      { name: "redis" },
    ]);
    expect((await ask("GET", "/proxies/redis")).answer).toMatchObject({ name: "redis", push: { drop: 0 } });
  });

  test("take faults, heal, and go to another target", async () => {
    const body = { latencyMs: 20, up: { bytesPerS: 1 }, halfOpen: true, share: 0.5 };
    expect((await ask("POST", "/proxies/tcp/faults", body)).status).toBe(200);
    expect(tcp.faults).toMatchObject({
      up: { latencyMs: 20, bytesPerS: 1 },
      down: { latencyMs: 20, bytesPerS: null },
      halfOpen: true,
      share: 0.5,
    });
    await ask("POST", "/proxies/tcp/faults", { up: { bytesPerS: null } });
    expect(tcp.faults.up).toMatchObject({ latencyMs: 20, bytesPerS: null });
    expect((await ask("POST", "/proxies/tcp/heal")).answer).toMatchObject({ faults: { halfOpen: false, share: 1 } });
    await ask("POST", "/proxies/tcp/retarget", { port: 2 });
    expect(tcp.target).toEqual({ host: "127.0.0.1", port: 2 });
    expect((await ask("POST", "/proxies/tcp/cut", { share: 1 })).answer).toEqual({ cut: 0 });
    await ask("POST", "/proxies/redis/push", { drop: 0.1 });
    expect(redis.push).toMatchObject({ drop: 0.1, double: 0 });
  });

  test("make, show, release and end rules for requests", async () => {
    const made = [
      await ask("POST", "/proxies/mongo/hold", { command: "insert", nth: 2, end: "cut", afterMs: 5 }),
      await ask("POST", "/proxies/mongo/cut-before-request", { command: "insert" }),
      await ask("POST", "/proxies/mongo/answer", { error: "notPrimary", forMs: 10_000 }),
      await ask("POST", "/proxies/mongo/answer", { error: "writeConcernTimeout", forwardAfterMs: 5 }),
      await ask("POST", "/proxies/mongo/slow", { ms: 2_000, chance: 0.5 }),
    ];
    expect(made.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await ask("GET", "/proxies/mongo/rules")).answer).toMatchObject([
      { id: 1, kind: "hold", command: "insert", nth: 2, end: "cut", afterMs: 5, hits: 0 },
      { id: 2, kind: "cutBeforeRequest" },
      { id: 3, kind: "answer", error: "notPrimary", forMs: 10_000 },
      { id: 4, error: "writeConcernTimeout", forwardAfterMs: 5 },
      { id: 5, kind: "slow", ms: 2_000, chance: 0.5 },
    ]);
    expect((await ask("POST", "/proxies/mongo/rules/1/release")).answer).toMatchObject({ id: 1, holding: 0 });
    expect((await ask("DELETE", "/proxies/mongo/rules/2")).answer).toMatchObject({ id: 2, isOver: true });
    expect(mongo.rules.map(({ id }) => id)).toEqual([1, 3, 4, 5]);
    expect((await ask("DELETE", "/proxies/mongo/rules")).answer).toEqual([]);
  });

  test("refuse what can't be meant so, and name the field", async () => {
    const wrong: readonly (readonly [string, unknown, string])[] = [
      ["tcp/faults", { latencyMs: "20" }, "latencyMs"],
      ["tcp/faults", { latencyMs: -1 }, "latencyMs"],
      ["tcp/faults", { latencyMs: null }, "latencyMs"],
      ["tcp/faults", { down: { bytesPerS: 0 } }, "bytesPerS"],
      ["tcp/faults", { down: 5 }, "down"],
      ["tcp/faults", { up: { refuses: true } }, "refuses"],
      ["tcp/faults", { halfopen: true }, "halfopen"],
      ["tcp/faults", { halfOpen: 1 }, "halfOpen"],
      ["tcp/faults", { share: 2 }, "share"],
      ["tcp/faults", "{", "body"],
      ["tcp/faults", [], "body"],
      ["tcp/cut", { share: 1.5 }, "share"],
      ["tcp/retarget", {}, "port"],
      ["tcp/retarget", { port: 1.5 }, "port"],
      ["redis/push", { drop: 10 }, "drop"],
      ["mongo/hold", {}, "end"],
      ["mongo/hold", { end: "wait" }, "end"],
      ["mongo/hold", { end: "cut", nth: 0 }, "nth"],
      ["mongo/answer", { error: "no" }, "error"],
      ["mongo/answer", { error: "notPrimary", forwardAfterMs: 1 }, "forwardAfterMs"],
      ["mongo/slow", {}, "ms"],
      ["mongo/slow", { ms: 1, command: "" }, "command"],
    ];
    const before = [tcp.faults, tcp.target, redis.push, mongo.rules.length];
    for (const [path, body, field] of wrong) {
      const { status, answer } = await ask("POST", `/proxies/${path}`, body);
      expect([status, answer], `${path} ${JSON.stringify(body)}`).toMatchObject([400, { field }]);
    }
    expect([tcp.faults, tcp.target, redis.push, mongo.rules.length]).toEqual(before);
    for (const path of ["tcp/hold", "tcp/push", "redis/slow"]) {
      expect((await ask("POST", `/proxies/${path}`, { end: "cut", ms: 1 })).status, path).toBe(400);
    }
    for (const path of ["none/cut", "__proto__/cut", "tcp/nothing"]) {
      expect((await ask("POST", `/proxies/${path}`, {})).status, path).toBe(404);
    }
    expect((await ask("GET", "/proxies/tcp/cut")).status).toBe(405);
    expect((await ask("GET", "/")).status).toBe(404);
  });
});

test("a proxy's URL keeps all but host and port", () => {
  expect(mongo.url).toBe(`mongodb://127.0.0.1:${mongo.port}/?replicaSet=x&directConnection=true`);
  expect(redis.url).toBe(`redis://127.0.0.1:${redis.port}`);
});

test("a port that is taken is an error", async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  const address = holder.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  await expect(startTcpProxy({ target: { host: "127.0.0.1", port: 1 }, seed: 1, port })).rejects.toThrow("EADDRINUSE");
  holder.close();
});
