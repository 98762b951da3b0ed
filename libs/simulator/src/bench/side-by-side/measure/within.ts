import { setTimeout as pause } from "node:timers/promises";

/**
 * What the work gives, unless it takes longer: an hour's run must not stand still for one process that does.
 * **Errors**: rejects as the work does, or says what took too long; the work goes on then and its end is nobody's.
 */
export async function within<T>(seconds: number, what: string, work: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = pause(seconds * 1_000, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`${what} took more than ${seconds} s`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
    late.catch(() => {});
  }
}
