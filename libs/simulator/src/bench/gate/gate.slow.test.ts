import { expect, test } from "vitest";
import { readCommitted } from "./committed.ts";
import { runGate } from "./gate.ts";
import { formatGate } from "./report.ts";

test("a message costs what was committed", { timeout: 240_000 }, async () => {
  const committed = await readCommitted();
  const lines = await runGate(committed, () => {});
  const isHeld = lines.every(({ course }) => course === "holds");
  expect(isHeld, `\n${formatGate(committed, lines)}`).toBe(true);
});
