import { describe, expect, test } from "vitest";
import { deviceAnswer, startFixture } from "./fixture.ts";

describe("presence of a user", () => {
  test("online with each device, then offline with lastSeen", async () => {
    const { ask, connect, cluster } = await startFixture();
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
    const { ask, store } = await startFixture();
    expect(await ask("/v1/presence/users/nobody")).toMatchObject({ status: 404, body: { code: "not_found" } });
    await store.markIn(["shy"], "room", 1);
    expect(await ask("/v1/presence/users/shy")).toMatchObject({
      status: 200,
      body: { status: "offline", devices: [] },
    });
  });

  test.each(["a b", "a%00", "ä", "x".repeat(65), "a:b", "%2e%2e"])(
    "the id %j is refused and the field named",
    async (id) => {
      const { ask } = await startFixture();
      const { status, body } = await ask(`/v1/presence/users/${encodeURI(id)}`);
      expect([status, body["field"], body["code"]]).toEqual([400, "user", "bad_request"]);
    },
  );

  test("constructor and __proto__ are names like others", async () => {
    const { ask, connect, query } = await startFixture();
    await connect("constructor");
    expect((await ask("/v1/presence/users/constructor")).body).toMatchObject({ status: "online" });
    expect((await query(["__proto__"])).body).toMatchObject({ users: [{ user: "__proto__", status: "offline" }] });
  });
});

describe("presence of many", () => {
  test("in the order asked, repeated as asked", async () => {
    const { connect, query } = await startFixture();
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
    const { query } = await startFixture();
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
    const { query } = await startFixture();
    const { status, body } = await query(users);
    expect([status, body["field"]]).toEqual([400, field]);
  });

  test("a body that is no JSON, no object, too large or of another type is refused", async () => {
    const { query } = await startFixture();
    for (const body of ["{", "[]", "null", '"x"', "5", '{"__proto__": {"users": []}}']) {
      const answer = await query([], { body });
      expect([body, answer.status, answer.body["code"]]).toEqual([body, 400, "bad_request"]);
    }
    expect((await query([], { body: JSON.stringify({ users: ["x".repeat(200_000)] }) })).status).toBe(413);
    expect((await query([], { headers: { "content-type": "text/xml" } })).status).toBe(415);
  });
});

describe("everyone online", () => {
  test("page by page, each once", async () => {
    const { ask, connect } = await startFixture();
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
