import { expect, test } from "vitest";
import { closingLine, exitCodeOf } from "./closing-line.ts";

test("the closing line names skipped tests only when there are any", () => {
  expect(closingLine({ passed: 3, failed: 0, skipped: 0 })).toBe("3 passed, 0 failed");
  expect(closingLine({ passed: 3, failed: 1, skipped: 2 })).toBe("3 passed, 1 failed, 2 skipped");
});

test("a failure, and a run without any test, exit with 1", () => {
  expect(exitCodeOf({ passed: 3, failed: 0, skipped: 1 })).toBe(0);
  expect(exitCodeOf({ passed: 3, failed: 1, skipped: 0 })).toBe(1);
  expect(exitCodeOf({ passed: 0, failed: 0, skipped: 5 })).toBe(1);
});
