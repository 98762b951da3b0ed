/**
 * A growing column of numbers: a million entries take as many bytes as they must and give the collector nothing to
 * walk over. Whole numbers up to 2^31 in an Int32Array, times in a Float64Array.
 */
export interface Column {
  readonly length: number;
  push(value: number): void;
  /** **Errors**: throws outside 0..length-1. */
  at(index: number): number;
}

export function createColumn(kind: "int32" | "float64"): Column {
  const create = (size: number): Int32Array | Float64Array =>
    kind === "int32" ? new Int32Array(size) : new Float64Array(size);
  let values = create(1024);
  let length = 0;
  return {
    get length() {
      return length;
    },
    push(value) {
      if (length === values.length) {
        const grown = create(values.length * 2);
        grown.set(values);
        values = grown;
      }
      values[length++] = value;
    },
    at(index) {
      const value = index < length ? values[index] : undefined;
      if (value === undefined) throw new RangeError(`no entry ${index} in a column of ${length}`);
      return value;
    },
  };
}
