import { closeCode } from "@parley/protocol";
import { expect, onTestFinished, test } from "vitest";
import type { ChatServerConfig } from "./config.ts";
import { startTestFleet, type TestFleet, type TestSession } from "./testing.ts";

async function fleetOf(count: number, config: Partial<ChatServerConfig> = {}): Promise<TestFleet> {
  const fleet = await startTestFleet(count, { config });
  onTestFinished(() => fleet.close());
  return fleet;
}

async function enter(
  fleet: TestFleet,
  user: string,
  server = 1,
  options: Parameters<Awaited<ReturnType<TestFleet["connect"]>>["attach"]>[1] = {},
) {
  const session = (await fleet.connect(server, `gateway-${user}-${server}`)).attach(user, options);
  if (options?.isNew !== false) await session.welcome();
  return session;
}

async function group(owner: TestSession, members: readonly string[], id = "c1"): Promise<string> {
  const created = await owner.ask({ type: "channel.create", id, kind: "group", members });
  if (created.type !== "result" || created.channel === undefined) throw new Error(created.raw);
  return created.channel;
}

const text = (id: string, channel: string) => ({ type: "send", id, channel, text: `text of ${id}` });

test("a session attached anew goes on where the gateway's cursor stands, without a second welcome", async () => {
  const fleet = await fleetOf(2);
  const ada = await enter(fleet, "ada");
  const grace = await enter(fleet, "grace", 2);
  const channel = await group(ada, ["grace"]);
  await grace.met(() => grace.seqs(channel).length === 1);
  await ada.ask(text("m1", channel));
  const moved = await enter(fleet, "grace", 1, { isNew: false, cursors: { [channel]: 1 } });
  await moved.met(() => moved.seqs(channel).length === 1);
  await ada.ask(text("m2", channel));
  await moved.met(() => moved.seqs(channel).length === 2);
  expect(moved.seqs(channel)).toEqual([2, 3]);
  expect(moved.received.some((frame) => frame.type === "welcome")).toBe(false);
});

test("a channel that was joined while the session moved comes from its first event on", async () => {
  const fleet = await fleetOf(1);
  const ada = await enter(fleet, "ada");
  const channel = await group(ada, ["grace"]);
  const moved = await enter(fleet, "grace", 1, { isNew: false });
  await moved.met(() => moved.seqs(channel).length === 1);
  expect(moved.seqs(channel)).toEqual([1]);
});

test("a longer absence than the bound gets one gap, then the live stream", async () => {
  const fleet = await fleetOf(1, { resumeEventsMax: 5, requestsBurst: 1_000 });
  const ada = await enter(fleet, "ada");
  const channel = await group(ada, ["grace"]);
  for (let n = 1; n <= 300; n++) ada.send(text(`m${n}`, channel));
  await ada.met(() => ada.seqs(channel).length === 301);
  const grace = await enter(fleet, "grace", 1, { cursors: { [channel]: 2 } });
  const gap = await grace.until((frame) => frame.type === "gap");
  expect(gap).toMatchObject({ channel, from: 3, to: 301 });
  await ada.ask(text("after", channel));
  await grace.met(() => grace.seqs(channel).length === 1);
  expect(grace.seqs(channel)).toEqual([302]);
});

test("a cursor ahead of the log is reset, and the channel goes on from its head", async () => {
  const fleet = await fleetOf(1);
  const ada = await enter(fleet, "ada");
  const channel = await group(ada, ["grace"]);
  const grace = await enter(fleet, "grace", 1, { cursors: { [channel]: 99 } });
  expect(await grace.until((frame) => frame.type === "reset")).toMatchObject({ channel, head: 1 });
  await ada.ask(text("m1", channel));
  await grace.met(() => grace.seqs(channel).length === 1);
  expect(grace.seqs(channel)).toEqual([2]);
});

test("numbers outside one's membership come as a gap, and history does not serve them", async () => {
  const fleet = await fleetOf(1);
  const ada = await enter(fleet, "ada");
  const channel = await group(ada, ["grace"]);
  await ada.ask({ type: "channel.remove", id: "r1", channel, user: "grace" });
  await ada.ask(text("secret", channel));
  await ada.ask({ type: "channel.invite", id: "i1", channel, user: "grace" });
  await ada.ask(text("welcome", channel));
  const grace = await enter(fleet, "grace", 1, { cursors: { [channel]: 1 } });
  await grace.met(() => grace.seqs(channel).length === 3);
  expect(grace.seqs(channel)).toEqual([2, 4, 5]);
  expect(grace.received.find((frame) => frame.type === "gap")).toMatchObject({ from: 3, to: 3 });
  const page = await grace.ask({ type: "history", id: "h1", channel });
  if (page.type !== "result") throw new Error(page.raw);
  expect(page.events?.map((event) => event.seq)).toEqual([1, 2, 4, 5]);
});

test("somebody who was removed while away learns of the removal and of nothing after it", async () => {
  const fleet = await fleetOf(1);
  const ada = await enter(fleet, "ada");
  const channel = await group(ada, ["grace"]);
  await ada.ask(text("m1", channel));
  await ada.ask({ type: "channel.remove", id: "r1", channel, user: "grace" });
  await ada.ask(text("secret", channel));
  const grace = await enter(fleet, "grace", 1, { cursors: { [channel]: 1 } });
  await grace.met(() => grace.down.some((frame) => frame.type === "untrack"));
  expect(grace.seqs(channel)).toEqual([2, 3]);
  expect(grace.received.some((frame) => frame.type === "gap")).toBe(false);
});

test("an invited user gets the channel from the invitation on, wherever the session is", async () => {
  const fleet = await fleetOf(3);
  const ada = await enter(fleet, "ada", 1);
  const lin = await enter(fleet, "lin", 3);
  const channel = await group(ada, ["grace"]);
  await ada.ask(text("before", channel));
  expect(await ada.ask({ type: "channel.invite", id: "i1", channel, user: "lin" })).toMatchObject({
    type: "ack",
    seq: 3,
  });
  await ada.ask(text("after", channel));
  await lin.met(() => lin.seqs(channel).length === 2);
  expect(lin.seqs(channel)).toEqual([3, 4]);
});

test("a direct channel is the same for both, whoever asks and however often", async () => {
  const fleet = await fleetOf(2);
  const ada = await enter(fleet, "ada", 1);
  const grace = await enter(fleet, "grace", 2);
  const create = (members: string[], id: string) => ({ type: "channel.create", id, kind: "direct", members });
  const [one, other] = await Promise.all([ada.ask(create(["grace"], "c1")), grace.ask(create(["ada"], "c1"))]);
  const again = await ada.ask(create(["grace"], "c2"));
  const channels = [one, other, again].map((frame) => (frame.type === "result" ? frame.channel : frame.raw));
  expect(new Set(channels).size).toBe(1);
  expect(await ada.ask(create(["grace", "lin"], "c3"))).toMatchObject({ code: "bad_frame" });
});

test("one id, one group: a repeated create answers the same channel, other content is a conflict", async () => {
  const fleet = await fleetOf(2);
  const ada = await enter(fleet, "ada");
  const channel = await group(ada, ["grace"], "c1");
  expect(await group(ada, ["grace"], "c1")).toBe(channel);
  expect(await ada.ask({ type: "channel.create", id: "c1", kind: "group", members: ["lin"] })).toMatchObject({
    code: "conflict",
  });
});

test("roles decide: readers only read, members do not invite, the last owner stays one", async () => {
  const fleet = await fleetOf(2);
  const ada = await enter(fleet, "ada");
  const grace = await enter(fleet, "grace", 2);
  const channel = await group(ada, ["grace", "lin"]);
  await grace.met(() => grace.seqs(channel).length === 1);
  expect(await grace.ask({ type: "channel.invite", id: "i1", channel, user: "x" })).toMatchObject({
    code: "forbidden",
  });
  expect(await grace.ask({ type: "channel.role", id: "p1", channel, user: "grace", role: "owner" })).toMatchObject({
    code: "forbidden",
  });
  expect(await ada.ask({ type: "channel.role", id: "p1", channel, user: "ada", role: "member" })).toMatchObject({
    code: "forbidden",
  });
  expect(await ada.ask({ type: "channel.leave", id: "l1", channel })).toMatchObject({ code: "forbidden" });
  expect(await ada.ask({ type: "channel.role", id: "p2", channel, user: "grace", role: "reader" })).toMatchObject({
    type: "ack",
  });
  expect(await grace.ask(text("m1", channel))).toMatchObject({ code: "forbidden" });
  expect(await ada.ask({ type: "channel.role", id: "p3", channel, user: "lin", role: "owner" })).toMatchObject({
    type: "ack",
  });
  expect(await ada.ask({ type: "channel.leave", id: "l2", channel })).toMatchObject({ type: "ack" });
});

test("a missing prev is unavailable and settles nothing; once it is in, the same request is acked", async () => {
  const fleet = await fleetOf(1);
  const ada = await enter(fleet, "ada");
  const channel = await group(ada, ["grace"]);
  const second = { ...text("m2", channel), prev: "m1" };
  expect(await ada.ask(second)).toMatchObject({ type: "error", code: "unavailable", retryable: true });
  await ada.ask(text("m1", channel));
  expect(await ada.ask(second)).toMatchObject({ type: "ack", seq: 3 });
});

test("a stranger gets not_member for a channel whether or not it exists", async () => {
  const fleet = await fleetOf(2);
  const ada = await enter(fleet, "ada");
  const eve = await enter(fleet, "eve", 2);
  const channel = await group(ada, ["grace"]);
  for (const target of [channel, "nowhere", "constructor"]) {
    const asks = [
      text("m1", target),
      { ...text("m2", target), prev: "m0" },
      { type: "history", id: "h1", channel: target },
      { type: "edit", id: "e1", channel: target, target: 1, text: "x" },
      { type: "react", id: "x1", channel: target, target: 1, emoji: "x" },
      { type: "channel.leave", id: "l1", channel: target },
    ];
    for (const ask of asks) {
      expect(await eve.ask(ask)).toMatchObject({ code: "not_member", message: "channel: you are not a member" });
    }
    eve.send({ type: "typing", channel: target });
    eve.send({ type: "read", channel: target, seq: 1 });
  }
  await ada.ask(text("m9", channel));
  expect(ada.received.some((frame) => frame.type === "typing" || frame.type === "receipt")).toBe(false);
});

test("over the rate the answer is rate_limited with a wait, and a retry of one id counts once", async () => {
  const fleet = await fleetOf(1, { requestsPerSecond: 1, requestsBurst: 3 });
  const ada = await enter(fleet, "ada");
  const channel = await group(ada, ["grace"]);
  await ada.ask(text("m1", channel));
  await ada.ask(text("m2", channel));
  expect(await ada.ask(text("m1", channel))).toMatchObject({ type: "ack", duplicate: true });
  const refused = await ada.ask(text("m3", channel));
  expect(refused).toMatchObject({ code: "rate_limited", retryable: true, retryAfterMs: expect.any(Number) });
});

test("ten bad frames in a minute end the socket, nine do not", async () => {
  const fleet = await fleetOf(1);
  const ada = await enter(fleet, "ada");
  for (let n = 0; n < 9; n++) ada.send("junk");
  await ada.met(() => ada.received.filter((frame) => frame.type === "error").length === 9);
  expect(ada.down.some((frame) => frame.type === "close")).toBe(false);
  ada.send({ type: "no such thing" });
  await ada.met(() => ada.down.some((frame) => frame.type === "close" && frame.code === closeCode.tooMany));
});

test("the same device connected anew replaces the older socket", async () => {
  const fleet = await fleetOf(1);
  const old = await enter(fleet, "ada", 1, { device: "phone" });
  await enter(fleet, "ada", 1, { device: "laptop" });
  expect(old.down.some((frame) => frame.type === "close")).toBe(false);
  await enter(fleet, "ada", 1, { device: "phone" });
  await old.met(() => old.down.some((frame) => frame.type === "close" && frame.code === closeCode.replaced));
});

test.each([3_600_000, -3_600_000])(
  "it does so though the clock of its gateway is %d ms ahead",
  async (clockAheadMs) => {
    const fleet = await fleetOf(1);
    const old = await enter(fleet, "ada", 1, { device: "phone" });
    const now = await enter(fleet, "ada", 1, { device: "phone", clockAheadMs });
    await old.met(() => old.down.some((frame) => frame.type === "close" && frame.code === closeCode.replaced));
    expect(now.down.some((frame) => frame.type === "close")).toBe(false);
  },
);

test("those who share a channel see each other come and go; a stranger is not shown", async () => {
  const fleet = await fleetOf(2);
  const ada = await enter(fleet, "ada", 1);
  await group(ada, ["grace"]);
  await enter(fleet, "eve", 2);
  const watched = await ada.ask({ type: "presence.watch", id: "w1", users: ["grace", "eve"] });
  expect(watched).toMatchObject({ type: "result", users: ["grace"] });
  await ada.until((frame) => frame.type === "presence" && frame.user === "grace" && frame.status === "offline");
  const grace = await enter(fleet, "grace", 2);
  await ada.until((frame) => frame.type === "presence" && frame.user === "grace" && frame.status === "online");
  const seen = ada.received.length;
  grace.detach();
  await ada.until((frame) => frame.type === "presence" && frame.status === "offline", seen);
  expect(ada.received.some((frame) => frame.type === "presence" && frame.user === "eve")).toBe(false);
});

test("whoever ends at the new server before the old one has let go is announced offline all the same", async () => {
  const fleet = await fleetOf(2);
  const ada = await enter(fleet, "ada", 1);
  await group(ada, ["grace"]);
  const old = await enter(fleet, "grace", 1, { connection: "socket-1", device: "phone" });
  await ada.ask({ type: "presence.watch", id: "w1", users: ["grace"] });
  await ada.until((frame) => frame.type === "presence" && frame.status === "online");
  const moved = await enter(fleet, "grace", 2, { connection: "socket-1", device: "phone", isNew: false });
  const entries = async () => (await fleet.cluster.presence.query(["grace"])).get("grace")?.connections.length;
  await expect.poll(entries).toBe(2);
  moved.detach();
  await expect.poll(entries).toBe(1);
  // Its look at who is left, which finds the old entry.
  await new Promise((resolve) => setTimeout(resolve, 100));
  old.detach(true);
  await ada.until((frame) => frame.type === "presence" && frame.status === "offline");
});

test("typing and receipts reach the other members, on every server, and never the sender", async () => {
  const fleet = await fleetOf(3);
  const ada = await enter(fleet, "ada", 1);
  const others = [await enter(fleet, "grace", 2), await enter(fleet, "lin", 3), await enter(fleet, "mary", 1)];
  const channel = await group(ada, ["grace", "lin", "mary"]);
  await Promise.all(others.map((other) => other.met(() => other.seqs(channel).length === 1)));
  ada.send({ type: "typing", channel });
  ada.send({ type: "read", channel, seq: 1 });
  ada.send({ type: "read", channel, seq: 1 });
  for (const other of others) {
    await other.until((frame) => frame.type === "typing" && frame.user === "ada");
    await other.until((frame) => frame.type === "receipt" && frame.user === "ada" && frame.read === 1);
    expect(other.received.filter((frame) => frame.type === "receipt")).toHaveLength(1);
  }
  expect(ada.received.some((frame) => frame.type === "typing" || frame.type === "receipt")).toBe(false);
});

test("refresh takes the new expiry; a token of somebody else ends the session", async () => {
  const fleet = await fleetOf(1);
  const ada = await enter(fleet, "ada");
  expect(await ada.ask({ type: "refresh", id: "r1", token: "ada/expired" })).toMatchObject({ code: "token_expired" });
  expect(await ada.ask({ type: "refresh", id: "r2", token: "ada" })).toMatchObject({ type: "result", id: "r2" });
  expect(ada.down.some((frame) => frame.type === "keep")).toBe(true);
  ada.send({ type: "refresh", id: "r3", token: "eve" });
  await ada.met(() => ada.down.some((frame) => frame.type === "close" && frame.code === closeCode.unauthenticated));
});

test("channels are listed page by page, most recently active first, each once", async () => {
  const fleet = await fleetOf(1);
  const ada = await enter(fleet, "ada");
  const channels: string[] = [];
  for (let n = 0; n < 7; n++) channels.push(await group(ada, ["grace"], `c${n}`));
  const listed: string[] = [];
  let cursor: string | undefined;
  let pages = 0;
  do {
    const page = await ada.ask({
      type: "channels",
      id: `l${pages}`,
      limit: 3,
      ...(cursor === undefined ? {} : { cursor }),
    });
    if (page.type !== "result") throw new Error(page.raw);
    listed.push(...(page.channels ?? []).map((entry) => entry.channel));
    cursor = page.cursor;
    pages++;
  } while (cursor !== undefined);
  expect([...listed].sort()).toEqual([...channels].sort());
  expect(pages).toBe(3);
  expect(await ada.ask({ type: "channels", id: "bad", cursor: "nonsense" })).toMatchObject({ code: "bad_frame" });
});

test("a draining server hands its sessions over and leaves the ring", async () => {
  const fleet = await fleetOf(2, { drainDeadlineMs: 2_000 });
  const ada = await enter(fleet, "ada", 1);
  const channel = await group(ada, ["grace"]);
  const [first] = fleet.servers;
  const draining = first?.drain();
  await ada.met(() => ada.down.some((frame) => frame.type === "reattach"));
  expect(await ada.ask(text("m1", channel))).toMatchObject({ type: "ack", seq: 2 });
  ada.detach(true);
  await draining;
  const moved = await enter(fleet, "ada", 2, { isNew: false, cursors: { [channel]: 1 } });
  await moved.met(() => moved.seqs(channel).length === 1);
  expect(await moved.ask(text("m2", channel))).toMatchObject({ type: "ack", seq: 3 });
});

test("a request sent again through another attachment is acked once; its refusal is unknown", async () => {
  const fleet = await fleetOf(1);
  const ada = await enter(fleet, "ada");
  const channel = await group(ada, ["grace"]);
  ada.send(text("m1", channel), true);
  await ada.until((frame) => frame.type === "ack" && frame.id === "m1");
  ada.send({ type: "edit", id: "e1", channel, target: 99, text: "x" }, true);
  const refused = await ada.until((frame) => frame.type === "error" && frame.id === "e1");
  expect(refused).toMatchObject({ code: "not_found", unknown: true });
});

test("whoever is removed and comes back on one socket is told of the hole between", async () => {
  const fleet = await fleetOf(2);
  const ada = await enter(fleet, "ada", 1);
  const grace = await enter(fleet, "grace", 2);
  const channel = await group(ada, ["grace", "lin"]);
  await grace.met(() => grace.seqs(channel).length === 1);
  await ada.ask({ type: "channel.remove", id: "r1", channel, user: "grace" });
  await ada.ask(text("secret", channel));
  await ada.ask({ type: "channel.invite", id: "i1", channel, user: "grace" });
  await grace.met(() => grace.seqs(channel).length === 3);
  const ofChannel = grace.received.filter((frame) => frame.type === "event" || frame.type === "gap");
  expect(ofChannel.map((frame) => (frame.type === "gap" ? [frame.from, frame.to] : frame.seq))).toEqual([
    1,
    2,
    [3, 3],
    4,
  ]);
});

test("the claim of a user who has left is given back after the grace period, not before", async () => {
  const fleet = await fleetOf(1, { offlineGraceMs: 100 });
  const { directory, registry } = fleet.cluster;
  const epoch = registry.view().nodes.find((info) => info.node === "chat-1")?.epoch ?? 0;
  await directory.claim("ada", { node: "chat-1", epoch });
  const ada = await enter(fleet, "ada");
  ada.detach();
  const again = await enter(fleet, "ada");
  expect(await directory.find("ada")).toMatchObject({ node: "chat-1" });
  again.detach();
  await expect.poll(() => directory.find("ada")).toBeUndefined();
});

test("one's own message is never unread, on no device", async () => {
  const fleet = await fleetOf(2);
  const ada = await enter(fleet, "ada", 1);
  const grace = await enter(fleet, "grace", 2);
  const channel = await group(ada, ["grace"]);
  await ada.ask(text("m1", channel));
  await grace.met(() => grace.seqs(channel).length === 2);
  const phone = await enter(fleet, "ada", 1, { device: "phone" });
  expect(await phone.welcome()).toMatchObject({ channels: [{ channel, read: 2, unread: 0 }] });
  const other = await enter(fleet, "grace", 2, { device: "other" });
  expect(await other.welcome()).toMatchObject({ channels: [{ channel, read: 0, unread: 1 }] });
});
