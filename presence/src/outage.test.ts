import { describe, expect, test } from "vitest";
import { deviceAnswer, infoOf, startFixture } from "./fixture.ts";

describe("when the registry cannot say", () => {
  test("out of reach: last known stands, nothing known is unknown, nothing is offline, and all say complete: false", async () => {
    const { ask, connect, query, cluster } = await startFixture();
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
    const { ask, query, cluster, clock } = await startFixture();
    await query([]);
    cluster.setUp(false);
    cluster.setUp(true);
    expect((await query(["cy"])).body).toMatchObject({ complete: false, users: [{ status: "unknown" }] });
    expect((await ask("/v1/presence/users/nobody")).body).toMatchObject({ status: "unknown", complete: false });
    clock.advance(5_000);
    expect((await query(["cy"])).body).toMatchObject({ complete: true, users: [{ status: "offline" }] });
  });

  test("a node that died takes its users offline, and the reaper dates them", async () => {
    const { query, connect, cluster, clock } = await startFixture();
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
