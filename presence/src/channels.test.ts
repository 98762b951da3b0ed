import type { LogEvent } from "@parley/store";
import { describe, expect, test } from "vitest";
import { createLog, deviceAnswer, startFixture } from "./fixture.ts";

describe("members of a channel", () => {
  test("those online, with roles, as the log's control events say, page by page", async () => {
    const { ask, store, connect } = await startFixture();
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
    const { ask } = await startFixture();
    expect(await ask("/v1/presence/channels/none")).toMatchObject({ status: 404, body: { code: "not_found" } });
    for (const limit of ["0", "-1", "1001", "1e3", "x", "", "10&limit=20"]) {
      const { status, body } = await ask(`/v1/presence/channels/none?limit=${limit}`);
      expect([limit, status, body["field"]]).toEqual([limit, 400, "limit"]);
    }
    expect(await ask("/v1/presence/channels/none?cursor=a%0d%0a")).toMatchObject({
      status: 400,
      body: { field: "cursor" },
    });
  });
});
