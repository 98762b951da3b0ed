import { join } from "node:path";
import { expect, test } from "vitest";
import { checkWithPython } from "../checker/check-with-python.ts";
import { isClean } from "../report/report.ts";
import { simulate } from "../run/simulate.ts";
import { createShortTokens } from "../target/tokens.ts";
import { createDataFolder, createHarness } from "./harness.ts";

test("restless people on the embedded system see no promise broken", async () => {
  const graceMs = 500;
  const env = { PARLEY_GATEWAY_TOKEN_GRACE_MS: String(graceMs) };
  const { system, tokenOf } = await createHarness({ command: "start", env });
  const recordFile = join(await createDataFolder(), "history.jsonl");
  const report = await simulate({
    urls: system.ws,
    tokenOf: (user) => tokenOf(user),
    shortTokens: await createShortTokens(system.data, graceMs),
    recordFile,
    users: 60,
    channels: 20,
    seconds: 7,
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
  const second = await checkWithPython(recordFile);
  if (second === undefined) process.stderr.write("\nNOT TESTED: the second checker, since python3 is missing\n");
  else expect(second.violations).toEqual([]);
});
