/** Of a whole test run. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The last line of `npm test`; scripts read it. */
export function closingLine({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`;
}

/** A run in which nothing was tried, or anything failed, is no success. */
export function exitCodeOf({ passed, failed }: TestCounts): 0 | 1 {
  return failed === 0 && passed > 0 ? 0 : 1;
}
