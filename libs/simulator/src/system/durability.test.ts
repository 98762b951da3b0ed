import { expect, test } from "vitest";
import { runAllDie } from "../bench/kill9/all-die.ts";
import { runKill9 } from "../bench/kill9/kill9.ts";
import { canCutPower } from "../bench/kill9/power-cut.ts";
import { isMissing } from "./harness.ts";

const say = (): void => {};
const progress = { phase: say, tick: say, end: say };

test("kill -9 during writes loses nothing that was acked, and doubles nothing", { timeout: 300_000 }, async () => {
  const result = await runKill9({ kind: "embedded", rounds: 5, seed: 5, isPowerCut: false, say });
  expect(result.losses).toEqual([]);
  expect(result.demands).toEqual(result.demands.map((demand) => ({ ...demand, holds: true })));
});

test.skipIf(isMissing("the right to mount", await canCutPower(), "what a power cut leaves of the embedded store"))(
  "a power cut during writes loses nothing that was acked: an ack is after the flush",
  { timeout: 300_000 },
  async () => {
    const result = await runKill9({ kind: "embedded", rounds: 2, seed: 6, isPowerCut: true, say });
    expect(result.losses).toEqual([]);
    expect(result.demands).toEqual(result.demands.map((demand) => ({ ...demand, holds: true })));
  },
);

test("everything is killed and started again: outboxes finish by themselves, no promise is broken", {
  timeout: 300_000,
}, async () => {
  const people = { users: 30, channels: 10, messagesPerS: 20 };
  const result = await runAllDie({ kind: "embedded", rounds: 1, seed: 7, ...people, progress });
  expect(result.reports.flatMap(({ shown }) => shown)).toEqual([]);
  expect(result.demands).toEqual(result.demands.map((demand) => ({ ...demand, holds: true })));
});
