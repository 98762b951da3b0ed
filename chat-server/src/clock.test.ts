import { afterEach, expect, test, vi } from "vitest";
import { systemClock } from "./clock.ts";

afterEach(() => void vi.useRealTimers());

test("what is waited by does not follow the machine's clock when it is set; what is told does", async () => {
  const [now, wallNow] = [systemClock.now(), systemClock.wallNow()];
  vi.useFakeTimers({ toFake: ["Date"], now: wallNow - 3_600_000 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(systemClock.now() - now).toBeGreaterThanOrEqual(10);
  expect(systemClock.now() - now).toBeLessThan(60_000);
  expect(systemClock.wallNow()).toBeLessThan(wallNow - 3_000_000);
});
