import { expect, test } from "vitest";
import { fullPlan, type Plan } from "../../plan.ts";
import { fixedResult, fixedRun } from "../../testing/fixed-result.ts";
import { renderSvg } from "../svg.ts";
import { figuresOf } from "./figures.ts";

const plan: Plan = { ...fullPlan, systems: ["socket.io", "parley-joined"], roomSizes: [2, 1_000], repeats: 2 };
const result = fixedRun(plan, (system) => (system === "socket.io" ? { reordered: 56 } : { deliveriesPerS: 45_120 }));

test("there is a figure each", () => {
  expect(figuresOf(result).map(({ name }) => name)).toEqual([
    "cpu",
    "deliveries",
    "end-to-end",
    "idle-memory",
    "order",
  ]);
  expect(figuresOf(fixedResult())).toEqual([]);
});

test.each([
  ["cpu", ["rooms of 1,000", "saturated", "half of its own saturation", "Redis", "server", "store"]],
  ["deliveries", ["rooms of 2", "45,120"]],
  ["end-to-end", ["rooms of 1,000", "100 / 100"]],
  ["idle-memory", ["KiB", "0.10", "1,000 connections"]],
  ["order", ["5.6 %", "0 %"]],
])("%s is an SVG on white that names what it shows", async (name, parts) => {
  const figure = figuresOf(result).find((one) => one.name === name);
  if (figure === undefined) throw new Error("no such figure");
  const svg = await renderSvg(figure.spec);
  expect(svg).toMatch(/^<svg[\s\S]*fill="white"[\s\S]*<\/svg>\s*$/);
  for (const part of ["Socket.IO", "parley-joined", ...parts]) expect(svg).toContain(`>${part}<`);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  expect(svg.length).toBeLessThan(200_000);
});
