import Table from "cli-table3";

/** ms; all 0 where nothing was measured. */
export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export function spreadOf(values: Iterable<number>): Spread {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? 0 };
}

/** One thing that must hold, and whether it did. */
export interface Demand {
  readonly what: string;
  readonly found: string;
  readonly holds: boolean;
}

export function formatSpreads(rows: readonly (readonly [name: string, spread: Spread])[]): string {
  return formatTable(
    ["", "n", "p50", "p99", "max"],
    rows.map(([name, { count, p50, p99, max }]) => [name, String(count), ...[p50, p99, max].map(formatMs)]),
  );
}

export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  for (const [name = "", ...cells] of rows) {
    table.push([name, ...cells.map((content) => ({ content, hAlign: "right" as const }))]);
  }
  return table.toString();
}

export function formatMs(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString("en-US")} ms`;
}

export function formatMiB(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(0)} MiB`;
}

export function formatDemands(demands: readonly Demand[]): string {
  return demands.map(({ what, found, holds }) => `${holds ? "holds" : "DOES NOT HOLD"}: ${what}: ${found}`).join("\n");
}

/** Prints one JSON object or the text, and sets the exit code: 1 where anything does not hold. */
export function conclude(result: { readonly demands: readonly Demand[] }, text: string, isJson: boolean): void {
  process.stdout.write(isJson ? `${JSON.stringify(result)}\n` : `${text}\n${formatDemands(result.demands)}\n`);
  if (result.demands.some(({ holds }) => !holds)) process.exitCode = 1;
}
