import { expect, test } from "vitest";
import { describeRedis, parseRedisUrl } from "./redis-options.ts";

test("a plain Redis URL is standalone, TLS and database included", () => {
  for (const url of [
    "redis://127.0.0.1:6379",
    "redis://localhost",
    "rediss://u:p@db.internal:6380/2",
    "redis://[::1]:7000",
  ]) {
    expect(parseRedisUrl(url)).toEqual({ kind: "standalone", url });
  }
});

test("sentinels and cluster nodes are lists, with default ports, IPv6 and credentials", () => {
  expect(parseRedisUrl("redis-sentinel://a:1,b,[::1]:3/main")).toEqual({
    kind: "sentinel",
    name: "main",
    sentinels: [
      { host: "a", port: 1 },
      { host: "b", port: 26_379 },
      { host: "::1", port: 3 },
    ],
  });
  expect(parseRedisUrl("redis-cluster://ada:s%40crown@a:7000,b:7001")).toEqual({
    kind: "cluster",
    username: "ada",
    password: "s@crown",
    nodes: [
      { host: "a", port: 7_000 },
      { host: "b", port: 7_001 },
    ],
  });
});

test.each([
  "",
  "http://a",
  "redis://",
  "redis://a,b",
  "redis://a/x",
  "redis-sentinel://a:1",
  "redis-sentinel://a:0/main",
  "redis-cluster://a:70000",
  "redis-cluster://a/0",
  "redis-cluster://a,,b",
])("%j is refused with a sentence that says what is expected", (url) => {
  expect(() => parseRedisUrl(url)).toThrow(/reads redis:\/\/host:port/);
});

test("what is logged names addresses and never credentials", () => {
  for (const url of ["redis://u:secret@a:1", "redis-sentinel://u:secret@a:1/main", "redis-cluster://u:secret@a:1"]) {
    expect(describeRedis(parseRedisUrl(url))).toContain("a:1");
    expect(describeRedis(parseRedisUrl(url))).not.toContain("secret");
  }
});
