import { expect, onTestFinished, test } from "vitest";
import { startTestFleet, type TestFleet, type TestSession } from "./testing.ts";

async function fleetOf(count: number): Promise<TestFleet> {
  const fleet = await startTestFleet(count);
  onTestFinished(() => fleet.close());
  return fleet;
}

async function twoUsers(
  fleet: TestFleet,
  servers: readonly [number, number],
): Promise<[TestSession, TestSession, string]> {
  const ada = (await fleet.connect(servers[0])).attach("ada");
  const grace = (await fleet.connect(servers[1], "gateway-2")).attach("grace");
  await Promise.all([ada.welcome(), grace.welcome()]);
  const created = await ada.ask({ type: "channel.create", id: "c1", kind: "group", members: ["grace"], name: "lab" });
  if (created.type !== "result" || created.channel === undefined) throw new Error(created.raw);
  return [ada, grace, created.channel];
}

test.each([
  ["one server", 1, [1, 1]],
  ["two servers", 2, [1, 2]],
] as const)("a message reaches every member in order, with the sender's ack, on %s", async (_, count, servers) => {
  const fleet = await fleetOf(count);
  const [ada, grace, channel] = await twoUsers(fleet, servers);
  for (let n = 1; n <= 20; n++)
    ada.send({ type: "send", id: `m${n}`, channel, text: `text ${n}`, prev: n > 1 ? `m${n - 1}` : undefined });
  await Promise.all([ada, grace].map((session) => session.met(() => session.seqs(channel).length === 21)));
  expect(grace.seqs(channel)).toEqual(Array.from({ length: 21 }, (_one, index) => index + 1));
  expect(ada.events(channel).map((event) => event.raw)).toEqual(grace.events(channel).map((event) => event.raw));
  const acks = ada.received.filter((frame) => frame.type === "ack");
  expect(acks.map((ack) => [ack.id, ack.seq])).toEqual(Array.from({ length: 20 }, (_one, i) => [`m${i + 1}`, i + 2]));
});

test("the same id again is acked with the first one's seq; with other content it is a conflict", async () => {
  const fleet = await fleetOf(2);
  const [ada, , channel] = await twoUsers(fleet, [1, 2]);
  const first = await ada.ask({ type: "send", id: "m1", channel, text: "once" });
  expect(first).toMatchObject({ type: "ack", seq: 2 });
  expect(await ada.ask({ type: "send", id: "m1", channel, text: "once" })).toMatchObject({
    type: "ack",
    seq: 2,
    duplicate: true,
  });
  expect(await ada.ask({ type: "send", id: "m1", channel, text: "twice" })).toMatchObject({
    type: "error",
    code: "conflict",
  });
});

test("a resumed session gets what it missed and nothing else, then the live stream", async () => {
  const fleet = await fleetOf(2);
  const [ada, grace, channel] = await twoUsers(fleet, [1, 2]);
  await ada.ask({ type: "send", id: "m1", channel, text: "1" });
  await grace.met(() => grace.seqs(channel).length === 2);
  grace.detach();
  await ada.ask({ type: "send", id: "m2", channel, text: "2" });
  await ada.ask({ type: "send", id: "m3", channel, text: "3" });
  const again = (await fleet.connect(1, "gateway-3")).attach("grace", { cursors: { [channel]: 2 } });
  await again.met(() => again.seqs(channel).length === 2);
  await ada.ask({ type: "send", id: "m4", channel, text: "4" });
  await again.met(() => again.seqs(channel).length === 3);
  expect(again.seqs(channel)).toEqual([3, 4, 5]);
});

test("a removed member gets the removal and nothing after it, and may read no more", async () => {
  const fleet = await fleetOf(2);
  const [ada, grace, channel] = await twoUsers(fleet, [1, 2]);
  await ada.ask({ type: "channel.remove", id: "r1", channel, user: "grace" });
  await ada.ask({ type: "send", id: "m1", channel, text: "she is gone" });
  await grace.met(() => grace.down.some((frame) => frame.type === "untrack"));
  expect(grace.seqs(channel)).toEqual([1, 2]);
  expect(await grace.ask({ type: "history", id: "h1", channel })).toMatchObject({ code: "not_member" });
  expect(await grace.ask({ type: "send", id: "m1", channel, text: "x" })).toMatchObject({ code: "not_member" });
});

test("history is folded: edits, deletions and reactions show in the page at once", async () => {
  const fleet = await fleetOf(2);
  const [ada, grace, channel] = await twoUsers(fleet, [1, 2]);
  for (const n of [1, 2, 3]) await ada.ask({ type: "send", id: `m${n}`, channel, text: `text ${n}` });
  expect(await ada.ask({ type: "edit", id: "e1", channel, target: 2, text: "better" })).toMatchObject({ type: "ack" });
  expect(await ada.ask({ type: "delete", id: "d1", channel, target: 3 })).toMatchObject({ type: "ack" });
  expect(await grace.ask({ type: "react", id: "x1", channel, target: 4, emoji: "👍" })).toMatchObject({ type: "ack" });
  expect(await grace.ask({ type: "edit", id: "e2", channel, target: 2, text: "mine" })).toMatchObject({
    code: "forbidden",
  });
  expect(await ada.ask({ type: "edit", id: "e3", channel, target: 3, text: "back" })).toMatchObject({
    code: "not_found",
  });
  const page = await grace.ask({ type: "history", id: "h1", channel });
  if (page.type !== "result") throw new Error(page.raw);
  const bySeq = new Map(page.events?.map((event) => [event.seq, event]));
  expect(page.complete).toBe(true);
  expect(bySeq.get(2)).toMatchObject({ text: "better", editedAt: expect.any(Number) });
  expect(bySeq.get(3)).toMatchObject({ deleted: true });
  expect(bySeq.get(3)).not.toHaveProperty("text");
  expect(bySeq.get(4)).toMatchObject({ reactions: { "👍": ["grace"] } });
});

test("without the bus messages are acked, and delivered by the head checks", async () => {
  const fleet = await fleetOf(2);
  const [ada, grace, channel] = await twoUsers(fleet, [1, 2]);
  await grace.met(() => grace.seqs(channel).length === 1);
  fleet.bus.setUp(false);
  expect(await ada.ask({ type: "send", id: "m1", channel, text: "alone" })).toMatchObject({ type: "ack", seq: 2 });
  expect(await grace.ask({ type: "send", id: "m1", channel, text: "me too" })).toMatchObject({ type: "ack", seq: 3 });
  await Promise.all([ada, grace].map((session) => session.met(() => session.seqs(channel).length === 3)));
  fleet.bus.setUp(true);
  expect(await ada.ask({ type: "send", id: "m2", channel, text: "back" })).toMatchObject({ type: "ack", seq: 4 });
  await grace.met(() => grace.seqs(channel).length === 4);
});

test("whoever comes back is shown no less than was acked, though the word of it was lost", async () => {
  const fleet = await fleetOf(2);
  const [ada, , channel] = await twoUsers(fleet, [1, 2]);
  fleet.bus.setUp(false);
  for (let n = 1; n <= 5; n++) {
    const acked = await ada.ask({ type: "send", id: `m${n}`, channel, text: "alone" });
    if (acked.type !== "ack") throw new Error(acked.raw);
    const welcome = await (await fleet.connect(2, `gateway-${n + 2}`)).attach("grace").welcome();
    expect(welcome).toMatchObject({ channels: [{ channel, head: acked.seq }] });
  }
});

test("the welcome names the user's channels with read mark and unread, most recently active first", async () => {
  const fleet = await fleetOf(1);
  const [ada, grace, channel] = await twoUsers(fleet, [1, 1]);
  for (const n of [1, 2, 3]) await ada.ask({ type: "send", id: `m${n}`, channel, text: `text ${n}` });
  await grace.met(() => grace.seqs(channel).length === 4);
  grace.send({ type: "read", channel, seq: 3 });
  await ada.until((frame) => frame.type === "receipt");
  await expect
    .poll(async () => {
      const again = (await fleet.connect(1, "gateway-9")).attach("grace");
      return (await again.welcome()) as unknown;
    })
    .toMatchObject({
      channels: [{ channel, kind: "group", name: "lab", role: "member", head: 4, read: 3, unread: 1 }],
    });
});
