import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureFerretdb, ensureRedisServer } from "@parley/servers";
import { afterAll, describe, expect, test } from "vitest";
import { startPool } from "./pool.ts";
import { rows } from "./rows/index.ts";
import type { RunResult } from "./run/result.ts";

/** The fastest rows, as measured; all of them, at full length and with many seeds, are `npm run prove`. */
const chosen = [2, 3, 8, 9, 12, 17];
const seed = 4;
const withinMs = 300_000;

const missing = await findMissing();

/** Said loudly, and a failure where `CI` is set: nobody reads the lines of a green run. */
async function findMissing(): Promise<string | undefined> {
  try {
    await ensureRedisServer();
    if ((process.env["PARLEY_TEST_MONGODB_URL"] ?? "") === "") await ensureFerretdb();
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if ((process.env["CI"] ?? "") !== "") throw error;
    process.stderr.write(`\nNOT RUN: rows of the fault matrix, since ${why}\n`);
    return why;
  }
}

describe.skipIf(missing !== undefined)("nothing that is promised is broken", async () => {
  const folder = await mkdtemp(join(tmpdir(), "parley-prove-test-"));
  const done = new Map(chosen.map((row) => [row, Promise.withResolvers<RunResult>()]));
  const pool =
    missing === undefined
      ? startPool(
          chosen.map((row) => ({ row, seed })),
          {
            parallel: 2,
            loadFactor: 0.5,
            isBrief: true,
            folder,
            onStart: () => {},
            onProgress: () => {},
            onResult: (result) => done.get(result.row)?.resolve(result),
          },
        )
      : undefined;
  afterAll(async () => {
    await pool?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const titled = chosen.map((number) => ({
    number,
    title: rows.find((row) => row.number === number)?.title ?? "a row that is not there",
  }));
  test.each(titled)("by row $number: $title", { timeout: withinMs }, async ({ number }) => {
    const result = await done.get(number)?.promise;
    if (result === undefined) throw new Error("it was not run");
    const { outcome, why, shown, load } = result;
    if (outcome === "impossible") {
      process.stderr.write(`\nNOT RUN: row ${number}: ${why}\n`);
      return;
    }
    expect({ outcome, why, shown }).toEqual({ outcome: "clean", why: undefined, shown: [] });
    expect(load?.acked).toBeGreaterThan(20);
    expect(result.faults.length).toBeGreaterThan(0);
  });
});
