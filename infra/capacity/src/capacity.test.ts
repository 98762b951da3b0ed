import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { assumptionTable } from "./assumptions.ts";
import { planCapacity } from "./capacity.ts";
import { loadCoefficients } from "./coefficients.ts";
import { limitDefinitions } from "./model/limits.ts";
import { quantityGroups } from "./model/quantities.ts";
import { renderPage } from "./report/markdown.ts";
import { formatNumber, formatShare, formatUsers } from "./report/numbers.ts";
import { renderReport } from "./report/text.ts";
import { createCoefficients } from "./testing.ts";

const entry = fileURLToPath(new URL("./main.ts", import.meta.url));

function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [entry, ...args], { maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe("the text", () => {
  const text = renderReport(planCapacity(assumptionTable.with({ dau: 2_000_000 }), createCoefficients()), 100);

  test("shows every quantity with its formula and with the numbers put in", () => {
    for (const { quantities } of quantityGroups) {
      for (const { name, title } of quantities) {
        expect(text).toContain(title.split(" ").slice(0, 3).join(" "));
        expect(text).toContain(`${name} = `);
      }
    }
    expect(text).toContain("= 2,000,000 × 40 × 0.125 / 3,600");
  });

  test("puts the size asked for between those that always stand side by side", () => {
    expect(text).toMatch(/10 k users.*1 M users.*2 M users.*100 M users/);
  });

  test("says of each limit what the design does", () => {
    for (const { title } of limitDefinitions) expect(text.split(title).length).toBeGreaterThan(2);
    expect(text).toMatch(/\n100 M users\n {2}\S/);
  });

  test("stays within the width of the terminal where it is text", () => {
    for (const line of text.split("\n").filter((one) => one.startsWith(" ")))
      expect(line.length).toBeLessThanOrEqual(101);
  });
});

test("the page that is kept is what the command writes", () => {
  const kept = readFileSync(new URL("../../../docs/capacity.md", import.meta.url), "utf8");
  expect(kept).toBe(renderPage(planCapacity(assumptionTable.with({}), loadCoefficients())));
});

test("something that breaks and can't be added to is named as broken, and nothing else is", () => {
  const slow = createCoefficients({ ringNodeMs: 500 });
  const text = renderReport(planCapacity(assumptionTable.with({}), slow), 120);
  expect(text).toMatch(/100 M users\n {2}breaks already: new ring/);
  const quick = createCoefficients({ ringNodeMs: 0, redisBeatNodeMs: 0, redisBeatNodeBytes: 0 });
  expect(renderReport(planCapacity(assumptionTable.with({}), quick), 120)).not.toContain("breaks already");
});

test("memory that an empty process fills is refused by name", () => {
  const heavy = createCoefficients({ chatBaseMib: 600 });
  expect(() => planCapacity(assumptionTable.with({ processMib: 600 }), heavy)).toThrow("--process-mib is 600");
  expect(() => planCapacity(assumptionTable.with({ processMib: 601 }), heavy)).not.toThrow();
});

describe("the command", () => {
  test("--json prints one object with everything in it", async () => {
    const { code, stdout } = await run("--dau", "5000", "--json");
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report.assumptions).toMatchObject({ dau: 5_000, messagesPerUser: 40 });
    expect(report.compared.map(({ dau }: { dau: number }) => dau)).toEqual([5_000, 10_000, 1_000_000, 100_000_000]);
    expect(report.asked.quantities[0]).toMatchObject({ name: "connections", value: 1_625 });
    expect(report.usedUpAt.gatewayCpu).toBeGreaterThan(5_000);
  });

  test("a value out of bounds ends it with code 2 and the option's name", async () => {
    const { code, stdout, stderr } = await run("--utilisation", "1.5");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe('capacity: --utilisation is "1.5": it must be a number from 0.05 to 0.95 (share)\n');
  });
});

test("numbers are written as people read them", () => {
  expect([0.000_612, 1.234, 12.34, 123.4, 1_234_567].map(formatNumber)).toEqual([
    "0.000612",
    "1.23",
    "12.3",
    "123",
    "1,234,567",
  ]);
  expect([999, 10_000, 1_250_000, 3e9].map(formatUsers)).toEqual(["999", "10 k", "1.25 M", "3 G"]);
  expect([0, 0.0001, 0.05, 0.99, 1.7].map(formatShare)).toEqual(["0.0 %", "< 0.1 %", "5.0 %", "99 %", "170 %"]);
});
