import { parseArgs } from "node:util";
import { ConfigError, type ConfigOf, type Fields, type FieldValue, parseField } from "./field.ts";
import { envName, optionName } from "./names.ts";
import { renderHelp } from "./render.ts";

/** A relation between fields that must hold: undefined, or a sentence that says what is wrong and how to mend it. */
export type Relation<F extends Fields> = (config: ConfigOf<F>) => string | undefined;

export type Environment = Readonly<Record<string, string | undefined>>;

export type ParsedConfig<F extends Fields> =
  | { readonly kind: "config"; readonly config: ConfigOf<F> }
  | { readonly kind: "help"; readonly text: string };

export interface ConfigTable<F extends Fields> {
  /** "" for what all processes share. */
  readonly section: string;
  readonly fields: F;
  /** The defaults with some fields replaced, checked as at start; for tests and composition. **Errors**: ConfigError. */
  with(given?: Partial<ConfigOf<F>>): ConfigOf<F>;
  /** Defaults, then the environment, with `given` on top. **Errors**: ConfigError. */
  fromEnvironment(env: Environment, given?: Partial<ConfigOf<F>>): ConfigOf<F>;
  /** Defaults, then the environment, then the command line. **Errors**: ConfigError, also for an unknown option. */
  parse(argv: readonly string[], env: Environment, about?: string): ParsedConfig<F>;
  /** As {@link parse} where help was looked for before. **Errors**: ConfigError, also for `--help`. */
  mustParse(argv: readonly string[], env: Environment): ConfigOf<F>;
  /** The environment of a child process that is to run with this config: only what differs from the defaults. */
  toEnvironment(config: ConfigOf<F>): Record<string, string>;
}

/**
 * A table of settings: type, unit, default, range and one line of help for each; environment names, command-line options,
 * `--help` and the docs page all come from it.
 * **Errors**: {@link ConfigError} at definition time for a table that contradicts itself.
 */
export function defineConfig<const F extends Fields>(
  section: string,
  fields: F,
  relations: readonly Relation<F>[] = [],
): ConfigTable<F> {
  const check = (values: Map<string, FieldValue>): ConfigOf<F> => {
    const config = Object.freeze(Object.fromEntries(values)) as ConfigOf<F>;
    for (const relation of relations) {
      const complaint = relation(config);
      if (complaint !== undefined) throw new ConfigError(complaint);
    }
    return config;
  };
  const defaults = (): Map<string, FieldValue> =>
    new Map(Object.entries(fields).map(([key, field]) => [key, field.default]));
  const environment = (env: Environment): Map<string, FieldValue> => {
    const values = defaults();
    for (const [key, field] of Object.entries(fields)) {
      const name = envName(section, key, field.env);
      if (env[name] !== undefined && env[name] !== "") values.set(key, parseField(name, field, env[name]));
    }
    return values;
  };
  const overlay = (values: Map<string, FieldValue>, given: Partial<ConfigOf<F>>): ConfigOf<F> => {
    for (const [key, value] of Object.entries(given)) {
      const field = fields[key];
      if (field === undefined) throw new ConfigError(`${key} is not a setting of ${section || "parley"}`);
      if (value !== undefined) values.set(key, parseField(key, field, value));
    }
    return check(values);
  };
  for (const [key, field] of Object.entries(fields)) {
    if (field.default !== undefined) parseField(`the default of ${key}`, field, field.default);
  }
  const parse = (argv: readonly string[], env: Environment, about: string): ParsedConfig<F> => {
    const { values } = readArguments(fields, argv);
    if (values.help === true) return { kind: "help", text: renderHelp(about, section, fields) };
    const merged = environment(env);
    for (const [key, field] of Object.entries(fields)) {
      const option = optionName(key);
      if (values[option] !== undefined) merged.set(key, parseField(`--${option}`, field, values[option]));
    }
    return { kind: "config", config: check(merged) };
  };
  return {
    section,
    fields,
    with: (given = {}) => overlay(defaults(), given),
    fromEnvironment: (env, given = {}) => overlay(environment(env), given),
    parse: (argv, env, about = "") => parse(argv, env, about),
    mustParse(argv, env) {
      const parsed = parse(argv, env, "");
      if (parsed.kind === "help") throw new ConfigError("--help does not go with this");
      return parsed.config;
    },
    toEnvironment(config) {
      const changed: Record<string, string> = {};
      for (const [key, field] of Object.entries(fields)) {
        const value: FieldValue = config[key];
        if (value === undefined || String(value) === String(field.default)) continue;
        changed[envName(section, key, field.env)] = String(value);
      }
      return changed;
    },
  };
}

function readArguments(fields: Fields, argv: readonly string[]) {
  const options: Record<string, { type: "string" | "boolean" }> = { help: { type: "boolean" } };
  for (const [key, field] of Object.entries(fields)) {
    options[optionName(key)] = { type: field.type === "boolean" ? "boolean" : "string" };
  }
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: false, allowNegative: true });
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
}
