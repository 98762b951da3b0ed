import { join } from "node:path";
import { openLmdbStore } from "@parley/store";
import { createTestTelemetry } from "@parley/telemetry/testing";
import { expect, onTestFinished, test } from "vitest";
import { meterStore } from "./metered-store.ts";
import { createDataFolder } from "./run-command.ts";

test("each call of the store is counted with its time, also one that fails, and answers as before", async () => {
  const telemetry = createTestTelemetry("chat-1");
  const plain = await openLmdbStore({ path: join(await createDataFolder(), "log") });
  onTestFinished(() => plain.close());
  const store = meterStore(plain, telemetry.metrics);
  await store.ping();
  expect((await store.readUser("ada")).channels.size).toBe(0);
  await expect((async () => store.readUser("no such id"))()).rejects.toThrow();
  expect(await telemetry.registry.metrics()).toMatch(/parley_store_seconds_count\{node="chat-1"\} [23]\n/);
});
