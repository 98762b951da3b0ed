import { describe, expect, test } from "vitest";
import { apiKey, otherKey, startFixture } from "./fixture.ts";

describe("who may ask", () => {
  test("an API key or a token with scope admin; nothing is 401, garbage is 401, a user's token is 403", async () => {
    const { ask, tokens } = await startFixture();
    for (const key of [
      apiKey,
      otherKey,
      tokens.sign("root", { scope: "admin" }),
      tokens.sign("root", { scope: "x admin" }),
    ]) {
      expect((await ask("/v1/cluster", { key })).status).toBe(200);
    }
    for (const key of [
      "",
      `${apiKey}x`,
      apiKey.slice(1),
      "a.b.c",
      tokens.sign("root", { scope: "admin" }).slice(0, -3),
    ]) {
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
    const { ask, tokens } = await startFixture({}, 7_200_000);
    const key = tokens.sign("root", { scope: "admin" });
    expect(await ask("/v1/cluster", { key })).toMatchObject({ status: 401, body: { code: "token_expired" } });
  });

  test("no route below /v1 answers without a key, whatever its spelling", async () => {
    const { ask } = await startFixture();
    for (const path of [
      "/v1/presence/online/",
      "/V1/presence/online",
      "/v1/presence/../presence/online",
      "/v1//presence/online",
    ]) {
      expect([401, 404]).toContain((await ask(path, { key: "" })).status);
    }
  });

  test("over the limit a key gets 429 with Retry-After, and other keys do not notice", async () => {
    const { ask } = await startFixture({ requestsPerMinute: 3 });
    for (let count = 0; count < 3; count += 1) expect((await ask("/v1/cluster")).status).toBe(200);
    const { status, headers, body } = await ask("/v1/cluster");
    expect([status, body["code"]]).toEqual([429, "rate_limited"]);
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await ask("/v1/cluster", { key: otherKey })).status).toBe(200);
  });

  test("guessing keys is limited by address, and does not lock out who has one", async () => {
    const { ask } = await startFixture({ refusalsPerMinute: 2 });
    const guess = () => ask("/v1/cluster", { key: "g".repeat(40) });
    expect([(await guess()).status, (await guess()).status, (await guess()).status]).toEqual([401, 401, 429]);
    expect((await ask("/v1/cluster")).status).toBe(200);
  });
});
