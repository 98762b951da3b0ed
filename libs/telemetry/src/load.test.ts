import { expect, test } from "vitest";
import { createLoadSampler } from "./load.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function standStill(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}

test("a process that stands still half of the time, in long pauses, shows about their length; the next sample begins anew", async () => {
  const sampler = createLoadSampler();
  await pause(50);
  sampler.sample(0);
  for (let round = 0; round < 3; round += 1) {
    standStill(300);
    await pause(300);
  }
  const { eventLoopDelayMs, sessions } = sampler.sample(7);
  expect(sessions).toBe(7);
  expect(eventLoopDelayMs).toBeGreaterThan(100);
  await pause(300);
  expect(sampler.sample(0).eventLoopDelayMs).toBeLessThan(eventLoopDelayMs);
  sampler.close();
});

test("before anything was measured there is no delay", () => {
  const sampler = createLoadSampler();
  expect(sampler.sample(0).eventLoopDelayMs).toBe(0);
  sampler.close();
});
