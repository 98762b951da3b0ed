const lookEveryMs = 50;

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** **Errors**: rejects with what did not happen in time. */
export async function waitFor(
  what: string,
  isThere: () => boolean | Promise<boolean>,
  withinMs: number,
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await isThere())) {
    if (performance.now() > end) throw new Error(`${what} did not come within ${withinMs / 1_000} s`);
    await pause(lookEveryMs);
  }
}
