import { expect, test } from "vitest";
import { isClean } from "../report/report.ts";
import { simulate } from "../run/simulate.ts";
import { createHarness } from "./harness.ts";

test("restless people on the embedded system see no promise broken", async () => {
  const { system, tokenOf } = await createHarness({ command: "start" });
  const report = await simulate({
    urls: system.ws,
    tokenOf: (user) => tokenOf(user),
    users: 60,
    channels: 20,
    seconds: 6,
    seed: 5,
    messagesPerS: 60,
    restlessness: 6,
    prefix: "sim-",
    progress: { phase: () => {}, tick: () => {}, end: () => {} },
  });
  expect(report.shown).toEqual([]);
  expect(isClean(report)).toBe(true);
  expect(report.acked).toBeGreaterThan(50);
  expect(report.delivered).toBeGreaterThan(report.acked);
  expect(report.reconnects).toBeGreaterThan(5);
});
