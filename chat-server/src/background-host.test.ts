import { createTestTelemetry } from "@parley/telemetry/testing";
import { expect, test } from "vitest";
import { BackgroundHost, type Rest, type Turn, yielding } from "./background-host.ts";
import type { Clock } from "./clock.ts";

/** A host whose clock and work are moved by hand. */
function create(rest?: Rest) {
  let now = 1_000;
  let left = 0;
  let tick = (): void => {};
  let timer: { readonly at: number; readonly run: () => void } | undefined;
  const turns: Turn[] = [];
  let end: (error?: Error) => void = () => {};
  const clock: Clock = {
    now: () => now,
    wallNow: () => now,
    after(delayMs, run) {
      const mine = { at: now + delayMs, run };
      timer = mine;
      return () => {
        if (timer === mine) timer = undefined;
      };
    },
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
    left: () => left,
    work(turn) {
      turns.push(turn);
      return new Promise((resolve, reject) => {
        end = (error) => (error === undefined ? resolve() : reject(error));
      });
    },
    ...(rest === undefined ? {} : { rest }),
  });
  return {
    host,
    turns,
    leave(portions: number) {
      left = portions;
    },
    /** Time goes on without a tick. */
    waitFor(ms: number) {
      now += ms;
      if (timer === undefined || timer.at > now) return;
      const { run } = timer;
      timer = undefined;
      run();
    },
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
  expect(turns).toEqual(["portion"]);
  await endAfter(5_000);
  tickAfter(0);
  expect(turns).toEqual(["portion", "portion"]);
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
  expect(turns).toEqual(["portion", "kicked"]);
  await endAfter(500);
  tickAfter(4_000);
  expect(turns).toEqual(["portion", "kicked", "portion"]);
  await endAfter(1_000);
  let isFlushed = false;
  const flushing = host.flush().then(() => {
    isFlushed = true;
  });
  await Promise.resolve();
  expect(turns).toEqual(["portion", "kicked", "portion", "all"]);
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
  expect(turns).toEqual(["kicked", "all"]);
  expect(isFlushed).toBe(false);
  await endAfter(10);
  await flushing;
  expect(turns).toEqual(["kicked", "all"]);
});

test("kicked while a turn is under way, it begins again when that has ended, and rests for nobody", async () => {
  const { host, turns, endAfter } = create(yielding);
  const flushing = host.flush();
  await endAfter(0);
  host.kick();
  host.kick();
  await endAfter(1_000);
  expect(turns).toEqual(["all", "kicked"]);
  await endAfter(10);
  expect(turns).toEqual(["all", "kicked"]);
  await flushing;
});

test("what has failed is tried again at the next turn, without a rest", async () => {
  const { turns, tickAfter, endAfter } = create(yielding);
  tickAfter(1_000);
  await endAfter(5_000, new Error("the store is away"));
  tickAfter(0);
  expect(turns).toHaveLength(2);
});

test("the portions of a round follow by themselves, each after a rest of its own", async () => {
  const { turns, tickAfter, waitFor, endAfter, leave } = create(yielding);
  tickAfter(1_000);
  leave(2);
  await endAfter(20);
  waitFor(179);
  expect(turns).toHaveLength(1);
  waitFor(1);
  expect(turns).toEqual(["portion", "portion"]);
  leave(0);
  await endAfter(20);
  waitFor(5_000);
  expect(turns).toHaveLength(2);
  tickAfter(0);
  expect(turns).toHaveLength(3);
});

test("a round rests for nine seconds in all, however slow the store is", async () => {
  const { turns, tickAfter, waitFor, endAfter, leave } = create(yielding);
  tickAfter(1_000);
  let rested = 0;
  for (let portions = 20; portions > 0; portions--) {
    leave(portions);
    await endAfter(100);
    const before = turns.length;
    for (; turns.length === before; rested++) waitFor(1);
  }
  expect(rested).toBeGreaterThan(5_000);
  expect(rested).toBeLessThanOrEqual(9_020);
});

test("a portion that came due while something was kicked follows it at once; a tick beside it makes no second one", async () => {
  const { host, turns, tickAfter, waitFor, endAfter, leave } = create(yielding);
  tickAfter(1_000);
  leave(3);
  await endAfter(20);
  host.kick();
  waitFor(200);
  expect(turns).toEqual(["portion", "kicked"]);
  await endAfter(0);
  expect(turns).toEqual(["portion", "kicked", "portion"]);
  await endAfter(20);
  tickAfter(180);
  waitFor(0);
  await endAfter(20);
  expect(turns).toEqual(["portion", "kicked", "portion", "portion"]);
});

test("once closed it begins nothing more by itself, not even what was kicked", async () => {
  const { host, turns, tickAfter, waitFor, endAfter, leave } = create(yielding);
  tickAfter(1_000);
  leave(1);
  host.kick();
  host.close();
  await endAfter(20);
  waitFor(10_000);
  expect(turns).toEqual(["portion"]);
});
