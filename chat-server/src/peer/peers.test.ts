import { createMemoryBus } from "@parley/bus";
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
