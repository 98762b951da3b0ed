import { expect, onTestFinished, test } from "vitest";
import type { HistoryLine } from "../history/lines.ts";
import { type Fault, startReferenceServer } from "../reference/reference-server.ts";
import { simulate } from "./simulate.ts";

/** Enough for tokens of four to nine seconds to end, and for what comes after to be told. */
const seconds = 11;

async function run(fault?: Fault) {
  const server = await startReferenceServer(fault);
  onTestFinished(() => server.close());
  const lines = new Map<HistoryLine["line"], number>();
  const report = await simulate({
    urls: [server.url],
    tokenOf: (user) => user,
    shortTokens: {
      graceMs: 0,
      tokenOf(user, expiresInS) {
        const claims = JSON.stringify({ exp: Math.ceil(Date.now() / 1_000 + expiresInS) });
        return `head.${Buffer.from(claims).toString("base64url")}.${user}`;
      },
    },
    // One in fifteen lets a token run out: so many that somebody surely does while connected.
    users: 60,
    channels: 6,
    seconds,
    seed: 3,
    messagesPerS: 60,
    prefix: "u",
    progress: { phase: () => {}, tick: () => {}, end: () => {} },
    after: async ({ history }) => {
      for (const { line } of history.sides) lines.set(line, (lines.get(line) ?? 0) + 1);
      const ended = [...history.connections.values()].filter(({ closed }) => closed?.code === 4401);
      lines.set("closed", ended.length);
    },
  });
  return { report, lines };
}

test("tokens are refreshed by some, run out on others, and nobody is served beyond the end", async () => {
  const { report, lines } = await run();
  expect(report.shown).toEqual([]);
  expect(lines.get("refreshed")).toBeGreaterThan(0);
  expect(lines.get("closed")).toBeGreaterThan(0);
  // Whoever let a token run out had it in hand.
  expect(report.closedByServer).toBe(0);
});

test("a server that serves on after a token has ended is caught as C8", async () => {
  const { report } = await run("serves-after-a-token");
  expect(report.violations.C8).toBeGreaterThan(0);
});
