import { afterEach, expect, test, vi } from "vitest";
import { requireServer } from "./require-server.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

function hideServers(): void {
  vi.stubEnv("PATH", "");
  vi.stubEnv("PARLEY_TEST_MONGODB_URL", "");
  vi.stubEnv("PARLEY_CACHE", "/nonexistent/cache");
}

test("without a server a suite is skipped with one loud line that names it", async () => {
  hideServers();
  vi.stubEnv("CI", "");
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  expect(await requireServer("redis")).toBeUndefined();
  expect(write).toHaveBeenCalledTimes(1);
  expect(String(write.mock.calls[0]?.[0])).toMatch(/NOT RUN.*need redis.*redis-server is not on the PATH/s);
});

test("where CI is set, a suite without its server fails", async () => {
  hideServers();
  vi.stubEnv("CI", "true");
  await expect(requireServer("redis")).rejects.toThrow("these tests need redis");
});
