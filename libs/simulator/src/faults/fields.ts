/** A request that can't be done, with the field that says why. */
export class FieldError extends Error {
  readonly field: string;

  constructor(field: string, message: string) {
    super(`${field}: ${message}`);
    this.name = "FieldError";
    this.field = field;
  }
}

export type Fields = Readonly<Record<string, unknown>>;

/** **Errors**: FieldError where it is no object, or holds a field that is not among `known`. */
export function parseFields(field: string, value: unknown, known: readonly string[]): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new FieldError(field, "must be a JSON object");
  }
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) throw new FieldError(name, `is not known here; known are ${known.join(", ")}`);
  }
  return { ...value };
}

/** A number of this range, both ends included; undefined where it is not there. */
export function findNumber(fields: Fields, name: string, low: number, high: number, unit = ""): number | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !(value >= low && value <= high)) {
    throw new FieldError(name, `must be a number from ${low} to ${high}${unit}`);
  }
  return value;
}

export function findWhole(fields: Fields, name: string, low: number, high: number): number | undefined {
  const value = findNumber(fields, name, low, high);
  if (value !== undefined && !Number.isInteger(value)) throw new FieldError(name, "must be a whole number");
  return value;
}

export function findFlag(fields: Fields, name: string): boolean | undefined {
  const value = fields[name];
  if (value !== undefined && typeof value !== "boolean") throw new FieldError(name, "must be true or false");
  return value;
}

export function findText(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value !== undefined && (typeof value !== "string" || value === "")) {
    throw new FieldError(name, "must be a text");
  }
  return value;
}

/** One of these words; undefined where it is not there. */
export function findWord<T extends string>(fields: Fields, name: string, words: readonly T[]): T | undefined {
  const text = findText(fields, name);
  const word = words.find((one) => one === text);
  if (text !== undefined && word === undefined) throw new FieldError(name, `must be ${words.join(" or ")}`);
  return word;
}

/** **Errors**: FieldError where it is not there either. */
export function mustBe<T>(name: string, value: T | undefined): T {
  if (value === undefined) throw new FieldError(name, "is missing");
  return value;
}
