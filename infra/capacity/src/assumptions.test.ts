import { ConfigError, optionName } from "@parley/config";
import { describe, expect, test } from "vitest";
import { assumptionTable } from "./assumptions.ts";

const numbers = Object.entries(assumptionTable.fields).flatMap(([name, field]) => {
  return field.type === "boolean" ? [] : [{ name, option: `--${optionName(name)}`, ...field }];
});
const parse = (...argv: string[]) => assumptionTable.parse(argv, {});

test("without options it is the example: a million users who send 40 messages each", () => {
  expect(parse()).toMatchObject({ kind: "config", config: { dau: 1_000_000, messagesPerUser: 40 } });
});

describe.each(numbers)("$option", ({ option, name, min, max }) => {
  test("is taken at its bounds", () => {
    for (const bound of [min, max]) {
      expect(parse(option, String(bound))).toMatchObject({ kind: "config", config: { [name]: bound } });
    }
  });

  test.each([String(max * 2 + 1), "-1", "many", "", "1e3"])("is refused as %j, by name", (value) => {
    const run = () => parse(`${option}=${value}`);
    expect(run).toThrow(ConfigError);
    expect(run).toThrow(`${option} is `);
  });
});

test("an option that does not exist is refused by name", () => {
  expect(() => parse("--users", "5")).toThrow("--users");
});
