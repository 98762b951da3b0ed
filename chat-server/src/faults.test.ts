import { type Bus, BusError } from "@parley/bus";
import { openMemoryStore, type StoreFaultHook } from "@parley/store/testing";
import { expect, onTestFinished, test } from "vitest";
import { startTestFleet, type TestFleet, type TestSession } from "./testing.ts";

type FleetOptions = NonNullable<Parameters<typeof startTestFleet>[1]>;

/** ada on the first server, grace on the second, in one group. */
async function conversation(
  options: FleetOptions,
): Promise<{ fleet: TestFleet; ada: TestSession; grace: TestSession; channel: string }> {
  const fleet = await startTestFleet(2, options);
  onTestFinished(async () => {
    await fleet.close();
    expect(fleet.errors()).toEqual([]);
  });
  const ada = (await fleet.connect(1)).attach("ada");
  const grace = (await fleet.connect(2, "gateway-2")).attach("grace");
  await Promise.all([ada.welcome(), grace.welcome()]);
  const created = await ada.ask({ type: "channel.create", id: "c1", kind: "group", members: ["grace"] });
  if (created.type !== "result" || created.channel === undefined) throw new Error(created.raw);
  const { channel } = created;
  await grace.met(() => grace.seqs(channel).length === 1);
  return { fleet, ada, grace, channel };
}

/** Faults that a test can switch on after the conversation stands. */
function switchable(): { store: ReturnType<typeof openMemoryStore>; set: (hook: StoreFaultHook | undefined) => void } {
  let current: StoreFaultHook | undefined;
  const store = openMemoryStore({ faults: (operation) => current?.(operation) });
  return {
    store,
    set: (hook) => {
      current = hook;
    },
  };
}

const text = (id: string, channel: string, prev?: string) => ({
  type: "send",
  id,
  channel,
  text: `text of ${id}`,
  prev,
});

test.each([
  ["all of the run is in", "all"],
  ["nothing of it is in", "none"],
  ["its first slot is in", 1],
] as const)("an append whose outcome is unknown is read back, and each message is in once: %s", async (_, apply) => {
  const { store, set } = switchable();
  const { ada, grace, channel } = await conversation({ store });
  let failures = 3;
  set((operation) => (operation.name === "append" && failures-- > 0 ? { kind: "unknown", apply } : undefined));
  for (let n = 1; n <= 30; n++) ada.send(text(`m${n}`, channel, n > 1 ? `m${n - 1}` : undefined));
  await Promise.all([ada, grace].map((session) => session.met(() => session.seqs(channel).length === 31)));
  await ada.met(() => ada.received.filter((frame) => frame.type === "ack").length === 30);
  const ids = grace
    .events(channel)
    .slice(1)
    .map((event) => event.id);
  expect(ids).toEqual(Array.from({ length: 30 }, (_one, index) => `m${index + 1}`));
});

test("a write that lands late does not double a message that was numbered again", async () => {
  const { store, set } = switchable();
  const { ada, grace, channel } = await conversation({ store });
  let land: () => void = () => undefined;
  const late = new Promise<void>((resolve) => {
    land = resolve;
  });
  let isFirst = true;
  set((operation) => {
    if (operation.name !== "append" || !isFirst) return undefined;
    isFirst = false;
    return { kind: "unknown", apply: "all", at: late };
  });
  ada.send(text("m1", channel));
  await ada.until((frame) => frame.type === "ack" && frame.id === "m1");
  land();
  expect(await ada.ask(text("m2", channel))).toMatchObject({ type: "ack", seq: 3 });
  await grace.met(() => grace.seqs(channel).length === 3);
  expect(grace.seqs(channel)).toEqual([1, 2, 3]);
});

test("without the store requests are unavailable and retryable; when it is back the same request gets in once", async () => {
  const { store, set } = switchable();
  const { ada, channel } = await conversation({ store });
  set(() => ({ kind: "refuse" }));
  const refused = await Promise.all([ada.ask(text("m1", channel)), ada.ask({ type: "history", id: "h1", channel })]);
  for (const answer of refused) expect(answer).toMatchObject({ type: "error", code: "unavailable", retryable: true });
  set(undefined);
  expect(await ada.ask(text("m1", channel))).toMatchObject({ type: "ack", seq: 2 });
  expect(await ada.ask(text("m2", channel))).toMatchObject({ type: "ack", seq: 3 });
});

test("two servers that both take themselves for the home share the numbers out without a hole or a double", async () => {
  let isApart = false;
  const wrapBus = (bus: Bus): Bus => ({
    ...bus,
    get isUp() {
      return bus.isUp;
    },
    publish: (topic, payload) =>
      isApart && topic.startsWith("parley:inbox") ? Promise.reject(new BusError("cut")) : bus.publish(topic, payload),
  });
  const { ada, grace, channel } = await conversation({ wrapBus });
  isApart = true;
  for (let n = 1; n <= 40; n++) {
    ada.send(text(`a${n}`, channel, n > 1 ? `a${n - 1}` : undefined));
    grace.send(text(`g${n}`, channel, n > 1 ? `g${n - 1}` : undefined));
  }
  const acks = (session: TestSession) => session.received.filter((frame) => frame.type === "ack");
  await ada.met(() => acks(ada).length === 40);
  await grace.met(() => acks(grace).length === 40);
  isApart = false;
  await ada.ask(text("last", channel));
  await Promise.all([ada, grace].map((session) => session.met(() => session.seqs(channel).length === 82, 20_000)));
  expect(ada.events(channel).map((event) => event.raw)).toEqual(grace.events(channel).map((event) => event.raw));
  const own = (sender: string) =>
    ada
      .events(channel)
      .filter((event) => event.sender === sender && event.kind === "message")
      .map((event) => event.id);
  expect(own("ada")).toEqual([...Array.from({ length: 40 }, (_one, index) => `a${index + 1}`), "last"]);
  expect(own("grace")).toEqual(Array.from({ length: 40 }, (_one, index) => `g${index + 1}`));
});

test("a bus that loses a third, doubles and delays: everything arrives, in order, once", async () => {
  let seed = 7;
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  let isLossy = false;
  const wrapBus = (bus: Bus): Bus => ({
    ...bus,
    get isUp() {
      return bus.isUp;
    },
    publish: async (topic, payload) => {
      if (!isLossy || !topic.startsWith("parley:inbox")) return bus.publish(topic, payload);
      const dice = random();
      if (dice < 0.33) return 1;
      if (dice < 0.5) await new Promise((resolve) => setTimeout(resolve, random() * 40));
      if (dice > 0.9) await bus.publish(topic, payload);
      return bus.publish(topic, payload);
    },
  });
  const { ada, grace, channel } = await conversation({ wrapBus });
  isLossy = true;
  for (let n = 1; n <= 60; n++) {
    ada.send(text(`a${n}`, channel));
    grace.send(text(`g${n}`, channel));
    if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await Promise.all([ada, grace].map((session) => session.met(() => session.seqs(channel).length === 121, 30_000)));
  for (const session of [ada, grace]) {
    expect(session.seqs(channel)).toEqual(Array.from({ length: 121 }, (_one, index) => index + 1));
    await session.met(() => session.received.filter((frame) => frame.type === "ack").length === 60, 20_000);
  }
});

test("a lost word of a new channel is found by the sweep once the bus is back", async () => {
  const { fleet, ada, grace } = await conversation({});
  fleet.bus.setUp(false);
  const created = await ada.ask({ type: "channel.create", id: "c2", kind: "group", members: ["grace"] });
  if (created.type !== "result" || created.channel === undefined) throw new Error(created.raw);
  const { channel } = created;
  await grace.met(() => grace.seqs(channel).length === 1, 20_000);
});

test("an attach that fails in the middle and is tried again leaves no channel out", async () => {
  const { store, set } = switchable();
  const { fleet, ada } = await conversation({ store, config: { requestsBurst: 1_000 } });
  // More channels than are followed at once, so that some of the first try still wait when the second begins.
  const channels: string[] = [];
  for (let n = 0; n < 66; n++) {
    const created = await ada.ask({ type: "channel.create", id: `x${n}`, kind: "group", members: ["lin"] });
    if (created.type !== "result" || created.channel === undefined) throw new Error(created.raw);
    channels.push(created.channel);
  }
  const gate = (): { open: () => void; isOpen: Promise<void> } => {
    let open: () => void = () => undefined;
    const isOpen = new Promise<void>((resolve) => {
      open = resolve;
    });
    return { open, isOpen };
  };
  const most = gate();
  const last = gate();
  const failing = channels[0];
  const waiting = channels[65];
  const asked: string[] = [];
  let isFailing = true;
  let tries = 0;
  set(({ name, channel }) => {
    if (name === "readUser") tries++;
    if (name !== "head" || channel === undefined) return undefined;
    asked.push(channel);
    if (channel === failing) return isFailing ? { kind: "refuse" } : undefined;
    return { kind: "delay", until: channel === waiting ? last.isOpen : most.isOpen };
  });
  const lin = (await fleet.connect(2, "gateway-3")).attach("lin");
  // The second try waits behind the last channel of the first one.
  await expect.poll(() => tries).toBe(2);
  isFailing = false;
  asked.length = 0;
  most.open();
  await expect.poll(() => asked).toContain(failing);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(lin.received).toEqual([]);
  last.open();
  const welcome = await lin.welcome();
  if (welcome.type !== "welcome") throw new Error(welcome.raw);
  expect(welcome.channels.map((entry) => entry.channel).sort()).toEqual([...channels].sort());
});

test("a home that was started anew under its old name is told again who listens", async () => {
  const { fleet, ada } = await conversation({});
  const channels: string[] = [];
  for (let n = 0; n < 8; n++) {
    const created = await ada.ask({ type: "channel.create", id: `x${n}`, kind: "group", members: ["lin"] });
    if (created.type !== "result" || created.channel === undefined) throw new Error(created.raw);
    channels.push(created.channel);
  }
  await fleet.restart(2);
  const lin = (await fleet.connect(2, "gateway-3")).attach("lin");
  await lin.welcome();
  for (const channel of channels) await lin.ask(text("m1", channel));
  for (const channel of channels) await ada.met(() => ada.seqs(channel).length === 2);
});
