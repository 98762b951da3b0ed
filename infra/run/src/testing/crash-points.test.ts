import { createMemoryBus } from "@parley/bus";
import type { LogEvent } from "@parley/store";
import { openMemoryStore } from "@parley/store/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { createCrashPoints } from "./crash-points.ts";
import type { CrashPoint } from "./fault-message.ts";

const channel = "gAAAAAAAAAAAAAAAAAAAAAA";
const inbox = "parley:inbox:chat-2";

function eventAt(seq: number): LogEvent {
  return {
    channel,
    seq,
    sender: "ada",
    id: `m${seq}`,
    time: 1_000 + seq,
    ordinal: seq,
    control: 0,
    hash: `h${seq}`,
    body: { kind: "message", text: "hello" },
  };
}

/** Ports with the points in them, on a real store and bus; `end` stands for the signal that ends the process. */
async function create(end: (point: CrashPoint) => void) {
  const crashes = createCrashPoints(end);
  const store = openMemoryStore();
  const bus = createMemoryBus();
  onTestFinished(() => bus.close());
  const heard: string[] = [];
  await bus.subscribe(inbox, (payload) => heard.push(Buffer.from(payload).toString()));
  const ports = crashes.wrap({ bus, store: async () => store });
  return { crashes, store, heard, bus: ports.bus, wrapped: await ports.store() };
}

function fall(point: CrashPoint): never {
  throw new Error(`fell ${point}`);
}

test("before the insert the store knows nothing of the event", async () => {
  const { crashes, store, wrapped } = await create(fall);
  crashes.arm("before-insert", 2);
  expect(await wrapped.append(channel, [eventAt(1)])).toEqual({ kind: "appended" });
  await expect(wrapped.append(channel, [eventAt(2)])).rejects.toThrow("fell before-insert");
  expect(await store.head(channel)).toBe(1);
});

test("after the insert the store has it and the appender has no answer", async () => {
  const { crashes, store, wrapped } = await create(fall);
  crashes.arm("after-insert", 1);
  await expect(wrapped.append(channel, [eventAt(1)])).rejects.toThrow("fell after-insert");
  expect(await store.head(channel)).toBe(1);
});

test("an append that was refused is not the one that it waits for", async () => {
  const { crashes, wrapped } = await create(fall);
  await wrapped.append(channel, [eventAt(1)]);
  crashes.arm("after-insert", 1);
  expect(await wrapped.append(channel, [eventAt(1)])).toEqual({ kind: "refused", at: 0 });
  await expect(wrapped.append(channel, [eventAt(2)])).rejects.toThrow("fell after-insert");
});

test("before the publish the appender has its answer and no other server hears of it", async () => {
  const fallen: CrashPoint[] = [];
  const { crashes, wrapped, bus, heard } = await create((point) => fallen.push(point));
  crashes.arm("before-publish", 1);
  await bus.publish(inbox, Buffer.from("earlier"));
  expect(await wrapped.append(channel, [eventAt(1)])).toEqual({ kind: "appended" });
  await bus.publish("parley:hints", Buffer.from("not of events"));
  expect(fallen).toEqual([]);
  void bus.publish(inbox, Buffer.from("the event"));
  await vi.waitUntil(() => fallen.length === 1);
  expect(fallen).toEqual(["before-publish"]);
  await vi.waitUntil(() => heard.length > 0);
  expect(heard).toEqual(["earlier"]);
});

test("without being armed everything passes", async () => {
  const { store, wrapped, bus, heard } = await create(fall);
  expect(await wrapped.append(channel, [eventAt(1)])).toEqual({ kind: "appended" });
  expect(await store.head(channel)).toBe(1);
  await bus.publish(inbox, Buffer.from("the event"));
  await vi.waitUntil(() => heard.length === 1);
});
