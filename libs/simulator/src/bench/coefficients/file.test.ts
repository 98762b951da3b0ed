import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { withProvenance, writeCoefficients } from "./file.ts";
import { coefficientUnits } from "./names.ts";
import { findingOf } from "./reckon/finding.ts";
import { stages } from "./stages/index.ts";

const provenance = {
  command: "npm run bench -- coefficients",
  date: "2026-11-30",
  machine: "m",
  node: "v24",
  commit: "c",
};

async function inFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "parley-coefficients-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "coefficients.json");
}

test("every coefficient is given by exactly one stage", () => {
  const given = stages.flatMap(({ gives }) => gives);
  expect(given.toSorted()).toEqual(Object.keys(coefficientUnits).toSorted());
});

test("a finding is written with its unit and where it is from", async () => {
  const file = await inFolder();
  await writeCoefficients(
    file,
    withProvenance({ ackBytes: findingOf([50, 52], "counted", "two windows") }, provenance),
  );
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual({
    ackBytes: {
      value: 51,
      unit: "bytes of an ack",
      spread: { low: 50, high: 52, samples: 2 },
      how: "counted",
      seen: "two windows",
      ...provenance,
    },
  });
});

test("a part that is measured anew leaves the others as they were, in the order of the list", async () => {
  const file = await inFolder();
  const old = { ...provenance, date: "2026-01-01" };
  const first = { ackBytes: findingOf([50], "h", "s"), gatewayIdleMs: findingOf([1], "h", "s") };
  await writeCoefficients(file, withProvenance(first, old));
  await writeCoefficients(file, withProvenance({ ackBytes: findingOf([60], "h", "s") }, provenance));
  const written = JSON.parse(await readFile(file, "utf8"));
  expect(Object.keys(written)).toEqual(["gatewayIdleMs", "ackBytes"]);
  expect(written.gatewayIdleMs.date).toBe("2026-01-01");
  expect(written.ackBytes).toMatchObject({ value: 60, date: "2026-11-30" });
});

test("what the model no longer has goes from the file; a file that is no JSON stays, and is complained about", async () => {
  const file = await inFolder();
  await writeFile(file, JSON.stringify({ guess: { value: 1 } }));
  await writeCoefficients(file, {});
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual({});
  await writeFile(file, "{");
  await expect(writeCoefficients(file, {})).rejects.toThrow(SyntaxError);
  expect(await readFile(file, "utf8")).toBe("{");
});

test("a difference below nothing is noise around 0, and what is no number is none", () => {
  expect(findingOf([-0.2, 0.4], "h", "s")).toMatchObject({ value: 0.2, spread: { low: 0, high: 0.4, samples: 2 } });
  expect(() => findingOf([Number.NaN], "counted", "s")).toThrow("counted");
});
