/** One line of a config table. Numbers carry their unit and their range; the range is checked at start. */
export type Field = NumberField | StringField | BooleanField | ChoiceField | ListField;

interface FieldBase {
  /** One sentence: what it does, and what happens at the bound. */
  readonly help: string;
  /** Environment variable; by default `PARLEY_<SECTION>_<KEY>`. */
  readonly env?: string;
  /** Never printed, neither in an error nor in a log. */
  readonly isSecret?: boolean;
}

export interface NumberField extends FieldBase {
  readonly type: "integer" | "number";
  /** "ms", "bytes", "events", … as it is printed behind the value. */
  readonly unit: string;
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

export interface StringField extends FieldBase {
  readonly type: "string";
  /** Undefined: the field may be left out. */
  readonly default: string | undefined;
  readonly pattern?: RegExp;
  /** What the pattern asks for, in words; printed when a value fails it. */
  readonly range?: string;
}

export interface BooleanField extends FieldBase {
  readonly type: "boolean";
  readonly default: boolean;
}

export interface ChoiceField extends FieldBase {
  readonly type: "choice";
  readonly choices: readonly string[];
  readonly default: string;
}

/** Comma-separated in the environment and on the command line. */
export interface ListField extends FieldBase {
  readonly type: "list";
  readonly default: readonly string[];
  readonly pattern?: RegExp;
  readonly range?: string;
  /** At most so many entries; default 64. */
  readonly entriesMax?: number;
}

export type Fields = Readonly<Record<string, Field>>;

type ValueOf<F extends Field> = F extends NumberField
  ? number
  : F extends BooleanField
    ? boolean
    : F extends ListField
      ? readonly string[]
      : F extends { readonly type: "choice"; readonly choices: readonly (infer C)[] }
        ? C
        : F extends { readonly type: "string"; readonly default: string }
          ? string
          : string | undefined;

export type ConfigOf<F extends Fields> = { readonly [K in keyof F]: ValueOf<F[K]> };

export type FieldValue = number | string | boolean | readonly string[] | undefined;

/** A value that the table refuses. The message names the field, the value and the range, and so how to mend it. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ConfigError";
  }
}

/** What a field accepts, in words: "a whole number from 1 to 65535 (port)". */
export function rangeOf(field: Field): string {
  switch (field.type) {
    case "integer":
    case "number": {
      const kind = field.type === "integer" ? "a whole number" : "a number";
      return `${kind} from ${field.min} to ${field.max} (${field.unit})`;
    }
    case "boolean":
      return "true or false";
    case "choice":
      return `one of ${field.choices.join(", ")}`;
    case "list":
      return `up to ${field.entriesMax ?? 64} comma-separated values${field.range === undefined ? "" : `, each ${field.range}`}`;
    case "string":
      return field.range ?? "a text";
  }
}

/** Reads one value as text or as the caller gave it. **Errors**: {@link ConfigError}. */
export function parseField(name: string, field: Field, given: unknown): FieldValue {
  const value = read(field, given);
  if (value !== refused) return value;
  const shown = field.isSecret === true ? "(secret)" : JSON.stringify(given)?.slice(0, 200);
  throw new ConfigError(`${name} is ${shown}: it must be ${rangeOf(field)}`);
}

const refused = Symbol("refused");

function read(field: Field, given: unknown): FieldValue | typeof refused {
  switch (field.type) {
    case "integer":
    case "number":
      return readNumber(field, given);
    case "boolean":
      if (given === true || given === "true" || given === "1") return true;
      return given === false || given === "false" || given === "0" ? false : refused;
    case "choice":
      return typeof given === "string" && field.choices.includes(given) ? given : refused;
    case "list":
      return readList(field, given);
    case "string":
      if (given === undefined && field.default === undefined) return undefined;
      return typeof given === "string" && given !== "" && (field.pattern?.test(given) ?? true) ? given : refused;
  }
}

function readNumber(field: NumberField, given: unknown): number | typeof refused {
  // Number("") is 0 and Number("0x10") is 16: neither is what somebody meant.
  const isPlain = typeof given === "number" || (typeof given === "string" && /^-?\d+(\.\d+)?$/.test(given));
  const value = isPlain ? Number(given) : Number.NaN;
  const isInRange = value >= field.min && value <= field.max;
  return isInRange && (field.type === "number" || Number.isSafeInteger(value)) ? value : refused;
}

function readList(field: ListField, given: unknown): readonly string[] | typeof refused {
  const entries = typeof given === "string" ? given.split(",").filter((entry) => entry !== "") : given;
  if (!Array.isArray(entries) || entries.length > (field.entriesMax ?? 64)) return refused;
  const isFit = (entry: unknown): entry is string => typeof entry === "string" && (field.pattern?.test(entry) ?? true);
  return entries.every(isFit) ? entries : refused;
}
