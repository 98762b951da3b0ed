import { expect, test } from "vitest";
import { fullPlan } from "../plan.ts";
import { createProgress, idleSeconds, turnSeconds } from "./progress.ts";

test("what is left goes by what the first part took", () => {
  let now = 0;
  const progress = createProgress(600, () => now);
  expect(progress.left()).toBe("about 10 min left");
  now = 120_000;
  progress.done(60);
  expect(progress.left()).toBe("about 18 min left");
  progress.done(600);
  expect(progress.left()).toBe("about 0 min left");
});

test("a turn is reckoned by its scenes, and no idle connections take no time", () => {
  const one = { ...fullPlan, roomSizes: [2], modes: ["saturated"] } as const;
  const scene = turnSeconds(one) - turnSeconds({ ...one, roomSizes: [] });
  expect(scene).toBeGreaterThan(fullPlan.warmS + fullPlan.windowS);
  expect(turnSeconds({ ...one, modes: ["half"] }) - turnSeconds(one)).toBe(scene);
  expect(idleSeconds({ ...fullPlan, idle: 0 })).toBe(0);
  expect(idleSeconds(fullPlan)).toBeGreaterThan(2 * fullPlan.settleS);
});
