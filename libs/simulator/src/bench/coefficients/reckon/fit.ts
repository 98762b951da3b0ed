/** One load: how much of each thing a message of it takes, and what a message of it cost. */
export interface Row<K extends string> {
  readonly of: Readonly<Record<K, number>>;
  readonly cost: number;
}

export interface Fit<K extends string> {
  readonly costs: Readonly<Record<K, number>>;
  /** What each row costs by the fit, over what it cost, less 1. */
  readonly off: readonly number[];
}

/**
 * What one of each thing costs, by least squares of relative errors: a load that costs a hundred times another must not
 * decide alone. Nothing costs less than 0: what would is taken for 0 and the rest fitted again. **Errors**: throws where
 * the rows can't tell the things apart, or one cost nothing.
 */
export function fitCosts<K extends string>(names: readonly K[], rows: readonly Row<K>[]): Fit<K> {
  const faulty = rows.find(({ cost }) => !(cost > 0));
  if (faulty !== undefined) throw new Error(`a load cost ${faulty.cost}: nothing can be fitted to that`);
  let left = names;
  for (;;) {
    const solved = solve(left, rows);
    const negative = left.filter((_, index) => (solved[index] ?? 0) < 0);
    if (negative.length === 0) {
      const costs = Object.fromEntries(names.map((name) => [name, solved[left.indexOf(name)] ?? 0])) as Record<
        K,
        number
      >;
      const off = rows.map(({ of, cost }) => names.reduce((sum, name) => sum + of[name] * costs[name], 0) / cost - 1);
      return { costs, off };
    }
    // The most negative one first: the others may be right without it.
    const [worst] = negative.toSorted((a, b) => (solved[left.indexOf(a)] ?? 0) - (solved[left.indexOf(b)] ?? 0));
    left = left.filter((name) => name !== worst);
  }
}

/** The normal equations, by elimination with the largest pivot. */
function solve<K extends string>(names: readonly K[], rows: readonly Row<K>[]): readonly number[] {
  const scaled = rows.map(({ of, cost }) => names.map((name) => of[name] / cost));
  const matrix = names.map((_, i) => [
    ...names.map((__, j) => scaled.reduce((sum, row) => sum + (row[i] ?? 0) * (row[j] ?? 0), 0)),
    scaled.reduce((sum, row) => sum + (row[i] ?? 0), 0),
  ]);
  for (const column of names.keys()) {
    const rest = matrix.slice(column).toSorted((a, b) => Math.abs(b[column] ?? 0) - Math.abs(a[column] ?? 0));
    matrix.splice(column, rest.length, ...rest);
    const pivot = matrix[column] ?? [];
    if (!(Math.abs(pivot[column] ?? 0) > Number.EPSILON))
      throw new Error(`the loads can't tell ${names.join(", ")} apart`);
    for (const [index, row] of matrix.entries()) {
      if (index === column) continue;
      const factor = (row[column] ?? 0) / (pivot[column] ?? 1);
      for (let at = column; at <= names.length; at++) row[at] = (row[at] ?? 0) - factor * (pivot[at] ?? 0);
    }
  }
  return names.map((_, index) => (matrix[index]?.[names.length] ?? 0) / (matrix[index]?.[index] ?? 1));
}
