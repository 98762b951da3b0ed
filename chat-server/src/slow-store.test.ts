import type { LogEvent, MessageStore } from "@parley/store";
import { openMemoryStore } from "@parley/store/testing";
import { createTestTelemetry } from "@parley/telemetry/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { ChannelFold } from "./channel/fold.ts";
import { OriginHost } from "./channel/origin-host.ts";
import { sleep, systemClock } from "./clock.ts";
import { ReadMarksHost } from "./session/read-marks-host.ts";
import { Users } from "./session/users.ts";

const updateMs = 2;

/** A store that writes one update after the other; `longestMs`: what a message had to wait for at most. */
function openSlowStore() {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const store: MessageStore = openMemoryStore();
  let freeAt = 0;
  let longestMs = 0;
  const write = async (updates: number): Promise<void> => {
    const now = systemClock.now();
    freeAt = Math.max(freeAt, now) + updates * updateMs;
    longestMs = Math.max(longestMs, freeAt - now);
    await sleep(systemClock, freeAt - now);
  };
  vi.spyOn(store, "advanceReads").mockImplementation(() => write(1));
  vi.spyOn(store, "advanceSummaries").mockImplementation((summaries) => write(summaries.size));
  return { store, longestMs: () => longestMs };
}

const names = Array.from({ length: 600 }, (_, at) => `n${at}`);

test("read marks of a slow store hold up nobody for long, are ten seconds late at most, and all come at once to who waits", async () => {
  const { store, longestMs } = openSlowStore();
  const marks = new ReadMarksHost(systemClock, store, createTestTelemetry());
  onTestFinished(() => marks.close());
  const users = new Users(systemClock, { perSecond: 1, burst: 1 });
  const read = (seq: number) => names.map((name) => marks.advance(users.obtain(name), "c", seq, seq));
  expect(read(1).every(Boolean)).toBe(true);
  await vi.advanceTimersByTimeAsync(11_500);
  expect(store.advanceReads).toHaveBeenCalledTimes(names.length);
  expect(longestMs()).toBeLessThan(100);
  read(2);
  const flushed = marks.flush();
  await vi.advanceTimersByTimeAsync(names.length * updateMs + 100);
  await flushed;
  expect(store.advanceReads).toHaveBeenCalledTimes(2 * names.length);
});

test("summaries of channels likewise", async () => {
  const { store, longestMs } = openSlowStore();
  const origins = new OriginHost(systemClock, store, createTestTelemetry());
  onTestFinished(() => origins.close());
  const told = () => vi.mocked(store.advanceSummaries).mock.calls.reduce((sum, [summaries]) => sum + summaries.size, 0);
  for (const channel of names) origins.takeOver(channel, 0, 0);
  for (const channel of names) origins.settled(channel, [message(channel, 1)]);
  await vi.advanceTimersByTimeAsync(11_500);
  expect(told()).toBe(names.length);
  expect(longestMs()).toBeLessThan(100);
  for (const channel of names) origins.keepSnapshot(channel, new ChannelFold());
  const flushed = origins.flush();
  await vi.advanceTimersByTimeAsync(names.length * updateMs + 100);
  await flushed;
  expect(told()).toBe(2 * names.length);
});

function message(channel: string, seq: number): LogEvent {
  const body = { kind: "message", text: "" } as const;
  return { channel, seq, sender: "ada", id: `${seq}`, time: 1, ordinal: seq, control: 0, hash: "", body };
}
