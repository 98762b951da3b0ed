import { expect, test } from "vitest";
import { ConfigError, defineConfig } from "./index.ts";

const table = defineConfig(
  "gateway",
  {
    port: { type: "integer", unit: "port", default: 8080, min: 0, max: 65_535, help: "Where clients come in." },
    softBytesMax: { type: "integer", unit: "bytes", default: 100, min: 1, max: 1_000, help: "Soft bound." },
    hardBytesMax: { type: "integer", unit: "bytes", default: 200, min: 1, max: 1_000, help: "Hard bound." },
    level: { type: "choice", choices: ["info", "debug"], default: "info", help: "How much is logged." },
    origins: { type: "list", default: [], pattern: /^https?:/, range: "an origin", help: "Allowed origins." },
    isProxied: { type: "boolean", default: false, help: "Behind a proxy." },
    redis: { type: "string", default: undefined, env: "PARLEY_REDIS", help: "Redis URL." },
    secret: {
      type: "string",
      default: undefined,
      isSecret: true,
      pattern: /^.{32,}$/,
      range: "at least 32 characters",
      help: "Secret.",
    },
  },
  [
    (c) =>
      c.softBytesMax < c.hardBytesMax ? undefined : "softBytesMax must be less than hardBytesMax: raise the latter",
  ],
);

test("the command line goes before the environment, and that before the default", () => {
  const env = { PARLEY_GATEWAY_PORT: "1000", PARLEY_GATEWAY_SOFT_BYTES_MAX: "7", PARLEY_REDIS: "redis://x" };
  const parsed = table.parse(["--port", "2000", "--is-proxied"], env);
  if (parsed.kind !== "config") throw new Error("help");
  expect(parsed.config).toMatchObject({
    port: 2000,
    softBytesMax: 7,
    hardBytesMax: 200,
    isProxied: true,
    redis: "redis://x",
  });
  const typed: { port: number; level: "info" | "debug"; redis: string | undefined } = parsed.config;
  expect(typed.level).toBe("info");
});

test.each(["65536", "-1", "1.5", "", "0x10", "1e3", "many", "NaN", " 8"])(
  "port %j stops the start and names itself, its value and its range",
  (value) => {
    const run = () => table.parse([`--port=${value}`], {});
    expect(run).toThrow(ConfigError);
    expect(run).toThrow(/--port is ".*": it must be a whole number from 0 to 65535 \(port\)/);
  },
);

test.each(["0", "1", "65535"])("port %s is inside the range", (value) => {
  expect(table.parse(["--port", value], {}).kind).toBe("config");
});

test("a wrong value in the environment names the variable", () => {
  expect(() => table.parse([], { PARLEY_GATEWAY_LEVEL: "loud" })).toThrow(
    'PARLEY_GATEWAY_LEVEL is "loud": it must be one of info, debug',
  );
  expect(() => table.parse([], { PARLEY_GATEWAY_ORIGINS: "https://a,ftp://b" })).toThrow("PARLEY_GATEWAY_ORIGINS");
});

test("a secret is never printed", () => {
  expect(() => table.parse(["--secret", "short"], {})).toThrow(
    "--secret is (secret): it must be at least 32 characters",
  );
});

test("a relation between two fields is checked, and its sentence says how to mend it", () => {
  expect(() => table.with({ softBytesMax: 200 })).toThrow("raise the latter");
  expect(table.with({ softBytesMax: 199 }).softBytesMax).toBe(199);
});

test("an unknown option and a stray word stop the start", () => {
  expect(() => table.parse(["9000"], {})).toThrow(/9000/);
  expect(() => table.parse(["--prot", "1"], {})).toThrow(/--prot/);
});

test("a table whose default is out of its own range cannot be defined", () => {
  expect(() => defineConfig("x", { a: { type: "integer", unit: "n", default: 5, min: 6, max: 7, help: "" } })).toThrow(
    ConfigError,
  );
});

test("--help names each option, its range, its default and its variable", () => {
  const parsed = table.parse(["--help"], {}, "A gateway.");
  if (parsed.kind !== "help") throw new Error("no help");
  expect(parsed.text).toContain("--hard-bytes-max <bytes>");
  expect(parsed.text).toContain("a whole number from 1 to 1000 (bytes); default 200; PARLEY_GATEWAY_HARD_BYTES_MAX");
});

test("a child process gets the same config through its environment", () => {
  const config = table.with({ port: 0, origins: ["https://a", "https://b"], isProxied: true });
  expect(table.fromEnvironment(table.toEnvironment(config))).toEqual(config);
});
