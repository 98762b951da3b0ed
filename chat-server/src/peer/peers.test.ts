import { type Bus, createMemoryBus } from "@parley/bus";
import { createTestTelemetry } from "@parley/telemetry/testing";
import { expect, onTestFinished, test } from "vitest";
import { systemClock as clock } from "../clock.ts";
import type { PeerMessage } from "./messages.ts";
import { Peers } from "./peers.ts";

test("an inbox stands bytes that are no message, and hears what comes before and after them", async () => {
  const bus = createMemoryBus();
  onTestFinished(() => bus.close());
  const telemetry = createTestTelemetry();
  const heard: PeerMessage[] = [];
  const there = new Peers({ clock, bus, self: "there", telemetry, handler: (_from, message) => heard.push(message) });
  const here = new Peers({ clock, bus, self: "here", telemetry, handler: () => undefined });
  await there.open();
  const message = (channel: string): PeerMessage => ({ type: "uninterest", channels: [channel] });

  here.send("there", message("before"));
  await expect.poll(() => heard.length, { timeout: 20_000 }).toBe(1);
  // Nothing; a name or a message that ends early; a message that is none, or of no kind.
  const unread = [
    [],
    [9, 1],
    [0, 0, 0, 0, 9, 0x92, 1],
    [0, 0, 0, 0, 1, 0x92],
    [1, 65, 0, 0, 0, 1, 0xc1],
    [0, 0, 0, 0, 1, 7],
  ];
  for (const bytes of unread) expect(await bus.publish("parley:inbox:there", Uint8Array.from(bytes))).toBe(1);
  here.sendPacked("there", Buffer.from([0x92]));
  here.send("there", message("after"));
  await expect.poll(() => heard, { timeout: 20_000 }).toEqual([message("before"), message("after")]);
});

/** A bus whose answers come when the test says so; `published` counts the messages of each batch. */
function slowBus() {
  const published: number[] = [];
  const answers: ((receivers: number) => void)[] = [];
  const bus: Bus = {
    publish(_topic, payload) {
      const bytes = Buffer.from(payload);
      let count = 0;
      for (let at = 1 + (bytes[0] ?? 0); at < bytes.length; at += 4 + bytes.readUInt32BE(at)) count++;
      published.push(count);
      return new Promise((resolve) => answers.push(resolve));
    },
    subscribe: () => Promise.reject(new Error("nobody listens")),
    isUp: true,
    onChange: () => () => undefined,
    close: async () => undefined,
  };
  return { bus, published, answer: () => answers.shift()?.(1) };
}

const message: PeerMessage = { type: "uninterest", channels: ["c"] };
const tick = () => new Promise((resolve) => setImmediate(resolve));

test("a lone message goes at once, and what comes while it is under way goes together when it is answered", async () => {
  // Time stands still: nothing goes for having waited long enough, but once the test lets it.
  let now = 0;
  let gathered: () => void = () => undefined;
  const standing = {
    ...clock,
    now: () => now,
    after: (_ms: number, run: () => void) => {
      gathered = run;
      return () => undefined;
    },
  };
  const { bus, published, answer } = slowBus();
  const peers = new Peers({
    clock: standing,
    bus,
    self: "here",
    telemetry: createTestTelemetry(),
    handler: () => undefined,
  });
  peers.send("there", message);
  await tick();
  expect(published).toEqual([1]);
  for (let at = 0; at < 5; at++) {
    peers.send("there", message);
    await tick();
  }
  // Another server's batch does not wait for it.
  peers.send("elsewhere", message);
  await tick();
  expect(published).toEqual([1, 1]);
  // Answered, and not yet two milliseconds ago.
  answer();
  await tick();
  expect(published).toEqual([1, 1]);
  now = 2;
  gathered();
  expect(published).toEqual([1, 1, 5]);
  answer();
  answer();
  await tick();
  now = 4;
  peers.send("there", message);
  await tick();
  expect(published).toEqual([1, 1, 5, 1]);
});

test("a bus that does not answer holds a batch back for some milliseconds only", async () => {
  const { bus, published } = slowBus();
  const peers = new Peers({ clock, bus, self: "here", telemetry: createTestTelemetry(), handler: () => undefined });
  onTestFinished(() => peers.close());
  peers.send("there", message);
  await tick();
  peers.send("there", message);
  peers.send("there", message);
  await tick();
  expect(published).toEqual([1]);
  await expect.poll(() => published, { timeout: 10_000 }).toEqual([1, 2]);
});
