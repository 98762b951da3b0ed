import { expect, onTestFinished, test } from "vitest";
import type { Invariant } from "../checker/violation.ts";
import { type Fault, startReferenceServer } from "../reference/reference-server.ts";
import { isClean, type Report } from "../report/report.ts";
import { simulate } from "./simulate.ts";

async function run(
  fault?: Fault,
  crowd = { channels: 8, messagesPerS: 400 },
): Promise<{ report: Report; planted: number }> {
  const server = await startReferenceServer(fault);
  onTestFinished(() => server.close());
  const report = await simulate({
    urls: [server.url],
    tokenOf: (user) => user,
    users: 12,
    ...crowd,
    seconds: 1,
    seed: 7,
    restlessness: 20,
    prefix: "u",
    progress: { phase: () => {}, tick: () => {}, end: () => {} },
    settleWithinMs: 5_000,
  });
  return { report, planted: server.planted };
}

test("a run against a server that keeps its promises finds nothing", async () => {
  const { report } = await run();
  expect(report.shown).toEqual([]);
  expect(isClean(report)).toBe(true);
  expect(report.delivered).toBeGreaterThan(report.sent);
  expect(report.ackMs.count).toBeGreaterThan(100);
  expect(report.endToEndMs.count).toBeGreaterThan(100);
});

test("people who change and delete the same messages at once are answered by the log as it stands", async () => {
  const { report } = await run(undefined, { channels: 3, messagesPerS: 1_500 });
  expect(report.shown).toEqual([]);
  expect(isClean(report)).toBe(true);
});

const faults: readonly [Fault, Invariant][] = [
  ["acks-before-storing", "C1"],
  ["appends-a-retry-again", "C2"],
  ["delivers-twice", "C4"],
  ["loses-a-delivery", "C4"],
  ["delivers-other-bytes", "C4"],
  ["changes-a-text", "C5"],
  ["stores-what-it-refuses", "C5"],
  ["reads-a-stale-page", "C7"],
  ["serves-removed-members", "C8"],
  ["refuses-a-member", "C11"],
];

test.each(faults)("a server that %s is caught as %s", { timeout: 30_000 }, async (fault, invariant) => {
  const { report, planted } = await run(fault);
  expect(planted).toBeGreaterThan(0);
  expect(report.violations[invariant]).toBeGreaterThan(0);
  expect(isClean(report)).toBe(false);
});
