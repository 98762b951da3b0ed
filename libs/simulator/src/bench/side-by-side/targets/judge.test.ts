import { expect, test } from "vitest";
import { fullPlan, type Plan } from "../plan.ts";
import { fixedCell, fixedResult, fixedRun } from "../testing/fixed-result.ts";
import { demandsOf, describe, judge } from "./judge.ts";

const ofTen = { systems: ["socket.io", "parley-joined", "parley-embedded"], roomSizes: [10], modes: ["saturated"] };
const plan: Plan = { ...fullPlan, ...ofTen, modes: ["saturated"], repeats: 3, idle: 0 };

function cpuLine(result = fixedResult({ plan })) {
  const line = judge(result).find(({ target }) => target.figure.startsWith("server CPU"));
  if (line === undefined) throw new Error("no such line");
  return line;
}

test("the median of the repeats is judged, with its spread in the text", () => {
  // Ratios 0.4, 0.5 and 0.9: the mean would not hold.
  const ours = [40, 50, 90];
  const result = fixedRun(plan, (system, repeat) =>
    system === "parley-joined" ? { serverCpuMs: ours[repeat - 1] ?? 0 } : {},
  );
  const { theirs, verdicts } = cpuLine(result);
  expect(theirs).toBe("100 ms");
  expect(verdicts[0]).toMatchObject({ layout: "parley-joined", holds: true, found: { text: "0.50 (0.40–0.90)" } });
});

test("a layout that need not hold it is shown without a verdict", () => {
  const { verdicts } = cpuLine(fixedRun(plan, () => ({})));
  expect(verdicts.map(({ layout, holds }) => [layout, holds])).toEqual([
    ["parley-joined", false],
    ["parley-embedded", undefined],
  ]);
  expect(verdicts[1]?.found?.value).toBe(1);
});

test("what must hold and was not measured does not hold", () => {
  const { verdicts } = cpuLine();
  expect(verdicts[0]).toEqual({ layout: "parley-joined", found: undefined, holds: false });
  expect(describe(undefined)).toBe("not measured");
});

test("what was not planned is no line", () => {
  const figures = (given: Partial<Plan>) =>
    new Set(judge(fixedResult({ plan: { ...plan, ...given } })).map(({ target }) => target.figure));
  expect(figures({})).not.toContain("RSS an idle connection, all processes");
  expect(figures({ idle: 10 })).toContain("RSS an idle connection, all processes");
  expect(figures({})).not.toContain("end-to-end p50");
  expect(figures({ systems: ["parley-joined"] }).size).toBe(0);
  expect(judge(fixedResult({ plan })).some(({ target }) => target.against === "glue")).toBe(false);
});

test.each([
  ["generator", { busy: 0.86 }, { busy: 0.85 }],
  ["behind", { askedPerS: 100, sendsPerS: 94 }, { askedPerS: 100, sendsPerS: 95 }],
])("the mark %s is set beyond its bound, by a cell of either side", (mark, beyond, within) => {
  const marks = (system: string, cell: object) =>
    cpuLine(
      fixedResult({
        plan,
        cells: ["socket.io", "parley-joined"].map((one) => fixedCell({ system: one, ...(one === system ? cell : {}) })),
      }),
    ).verdicts[0]?.found?.marks;
  expect(marks("parley-joined", beyond)).toEqual([mark]);
  expect(marks("socket.io", beyond)).toEqual([mark]);
  expect(marks("parley-joined", within)).toEqual([]);
});

test("a demand is made of each verdict, and one that nothing failed", () => {
  const result = fixedRun(plan, (system) => (system === "socket.io" ? {} : { serverCpuMs: 50, redisCpuMs: 15 }));
  const demands = demandsOf(judge(result), result);
  expect(demands).toContainEqual({
    what: "parley-joined against socket.io: server CPU per 1,000 deliveries, rooms of 10, saturated ≤ 0.50 × (split ≤ 0.65 ×)",
    found: "0.50 (0.50–0.50)",
    holds: true,
  });
  expect(demands.filter(({ what }) => what.startsWith("parley-embedded"))).toEqual([]);
  expect(demands.every(({ holds }) => holds)).toBe(true);
  const failures = [{ system: "glue", repeat: 1, during: "start", why: "no port" }];
  expect(demandsOf([], { failures })).toEqual([
    { what: "everything planned was measured", found: "1 failed", holds: false },
  ]);
});
