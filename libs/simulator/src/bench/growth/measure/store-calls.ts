/** Each chat server counts the time of each call of its store, whichever adapter it is; presence has a count of its own. */
const metric = "parley_store_seconds_count";

/** Calls of the store since these processes started. **Errors**: rejects where one's `/metrics` can't be read. */
export async function readStoreCalls(management: readonly string[]): Promise<number> {
  const counts = management.map(async (address) => {
    const answer = await fetch(`${address}/metrics`);
    if (!answer.ok) throw new Error(`${address}/metrics answered ${answer.status}`);
    return sumOfMetric(await answer.text(), metric);
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

/** Over all labels; 0 where it is not there. **Source**: prometheus.io, "Exposition formats", text based format. */
export function sumOfMetric(text: string, name: string): number {
  return text
    .split("\n")
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(/^[^{ ]+(?:\{.*\})? (\S+)/.exec(line)?.[1] ?? Number.NaN), 0);
}
