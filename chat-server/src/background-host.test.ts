import { createTestTelemetry } from "@parley/telemetry/testing";
import { expect, test } from "vitest";
import { BackgroundHost, type Rest, yielding } from "./background-host.ts";
import type { Clock } from "./clock.ts";

/** A host whose clock and work are moved by hand. */
function create(rest?: Rest) {
  let now = 1_000;
  let tick = (): void => {};
  const turns: boolean[] = [];
  let end: (error?: Error) => void = () => {};
  const clock: Clock = {
    now: () => now,
    wallNow: () => now,
    after: () => () => {},
    every(_everyMs, run) {
      tick = run;
      return () => {};
    },
    soon: (run) => run(),
    random: () => 0,
  };
  const host = new BackgroundHost({
    clock,
    everyMs: 1_000,
    telemetry: createTestTelemetry(),
    waitsFor: "it waits",
    work(isTurn) {
      turns.push(isTurn);
      return new Promise((resolve, reject) => {
        end = (error) => (error === undefined ? resolve() : reject(error));
      });
    },
    ...(rest === undefined ? {} : { rest }),
  });
  return {
    host,
    turns,
    tickAfter(ms: number) {
      now += ms;
      tick();
    },
    async endAfter(ms: number, error?: Error) {
      now += ms;
      end(error);
      for (let waits = 0; waits < 10; waits++) await Promise.resolve();
    },
  };
}

test("a turn is not begun while one is under way, and without a rest the next is due at once", async () => {
  const { turns, tickAfter, endAfter } = create();
  tickAfter(1_000);
  tickAfter(1_000);
  expect(turns).toEqual([true]);
  await endAfter(5_000);
  tickAfter(0);
  expect(turns).toEqual([true, true]);
});

test("work that yields rests nine times as long as it took, and no longer than nine seconds", async () => {
  const { turns, tickAfter, endAfter } = create(yielding);
  tickAfter(1_000);
  await endAfter(300);
  tickAfter(2_699);
  expect(turns).toHaveLength(1);
  tickAfter(1);
  expect(turns).toHaveLength(2);
  await endAfter(60_000);
  tickAfter(8_999);
  expect(turns).toHaveLength(2);
  tickAfter(1);
  expect(turns).toHaveLength(3);
});

test("who kicks it, and who waits for all of it, does not wait for the rest; what was kicked is not rested after", async () => {
  const { host, turns, tickAfter, endAfter } = create(yielding);
  tickAfter(1_000);
  await endAfter(500);
  host.kick();
  expect(turns).toEqual([true, false]);
  await endAfter(500);
  tickAfter(4_000);
  expect(turns).toEqual([true, false, true]);
  await endAfter(1_000);
  let isFlushed = false;
  const flushing = host.flush().then(() => {
    isFlushed = true;
  });
  await Promise.resolve();
  expect(turns).toEqual([true, false, true, true]);
  expect(isFlushed).toBe(false);
  await endAfter(1);
  await flushing;
});

test("a flush while it was kicked waits for a whole turn after that", async () => {
  const { host, turns, endAfter } = create(yielding);
  host.kick();
  let isFlushed = false;
  const flushing = host.flush().then(() => {
    isFlushed = true;
  });
  await endAfter(10);
  expect(turns).toEqual([false, true]);
  expect(isFlushed).toBe(false);
  await endAfter(10);
  await flushing;
  expect(turns).toEqual([false, true]);
});

test("kicked while a turn is under way, it begins again when that has ended, and rests for nobody", async () => {
  const { host, turns, endAfter } = create(yielding);
  const flushing = host.flush();
  await endAfter(0);
  host.kick();
  host.kick();
  await endAfter(1_000);
  expect(turns).toEqual([true, false]);
  await endAfter(10);
  expect(turns).toEqual([true, false]);
  await flushing;
});

test("what has failed is tried again at the next turn, without a rest", async () => {
  const { turns, tickAfter, endAfter } = create(yielding);
  tickAfter(1_000);
  await endAfter(5_000, new Error("the store is away"));
  tickAfter(0);
  expect(turns).toHaveLength(2);
});
