/** Does the work for each, so many at a time. **Errors**: rejects with the first failure; what had begun goes on. */
export async function forEachLimited<T>(
  list: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = list.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, list.length) }, worker));
}
