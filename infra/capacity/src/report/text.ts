import { optionName } from "@parley/config";
import Table from "cli-table3";
import { type Assumptions, assumptionTable } from "../assumptions.ts";
import type { Coefficients } from "../coefficients.ts";
import type { Capacity, Limit } from "../model/reckon.ts";
import { formatNumber, formatShare, formatUsers } from "./numbers.ts";

/** Everything that `npm run capacity` found out: the size asked for, and the sizes that are put side by side. */
export interface CapacityReport {
  readonly assumptions: Assumptions;
  readonly coefficients: Coefficients;
  readonly asked: Capacity;
  readonly compared: readonly Capacity[];
  /** Users a day at which one of it is used up. */
  readonly walls: ReadonlyMap<string, number>;
}

const plain = { head: [], border: [], compact: true };
const columnsMin = 80;

/** `columns`: width of the terminal. */
export function renderReport(report: CapacityReport, columns: number): string {
  const width = Math.max(columnsMin, columns);
  const { asked } = report;
  return [
    heading(`What ${formatNumber(asked.dau)} users a day need`),
    renderQuantities(asked, width),
    heading("Side by side"),
    renderComparison(report),
    heading("What breaks first"),
    renderLimits(report),
    ...report.compared.map((capacity) => renderFirst(capacity, report.walls, width)),
    "\nWhat the design does when one is used up",
    renderAnswers(report, width),
    heading("Assumed (each an option, --help says more)"),
    renderAssumptions(report.assumptions),
    heading("Measured (npm run bench -- coefficients --write measures anew)"),
    renderCoefficients(report.coefficients),
  ].join("\n");
}

/** Name and value on one line, below it how it was reckoned, with names and with numbers. */
function renderQuantities({ quantities }: Capacity, width: number): string {
  const lines: string[] = [];
  let group = "";
  for (const quantity of quantities) {
    if (quantity.group !== group) lines.push("", quantity.group);
    group = quantity.group;
    const value = `${formatNumber(quantity.value)} ${quantity.unit}`.trim();
    lines.push(wrap(`${quantity.title}: ${value}`, "  ", width));
    lines.push(wrap(`${quantity.name} = ${quantity.formula}`, "      ", width));
    lines.push(wrap(`= ${quantity.withNumbers}`, "      ", width));
  }
  return lines.slice(1).join("\n");
}

function renderComparison({ compared }: CapacityReport): string {
  const table = new Table({ head: ["", ...compared.map(({ dau }) => `${formatUsers(dau)} users`)], style: plain });
  const [first] = compared;
  for (const { name, row, unit } of first?.quantities ?? []) {
    if (row === undefined) continue;
    const cells = compared.map(({ quantities }) =>
      formatNumber(quantities.find((one) => one.name === name)?.value ?? Number.NaN),
    );
    table.push([unit === "" ? row : `${row}, ${unit}`, ...cells.map(right)]);
  }
  return table.toString();
}

function renderLimits({ compared, walls }: CapacityReport): string {
  const table = new Table({
    head: ["one …", "is used up at", ...compared.map(({ dau }) => `in use at ${formatUsers(dau)}`)],
    style: plain,
  });
  const [first] = compared;
  for (const { name, title } of first?.limits ?? []) {
    const wall = walls.get(name);
    const cells = compared.map(({ limits }) => {
      const limit = limits.find((one) => one.name === name);
      return limit === undefined ? "" : formatUse(limit);
    });
    table.push([title, right(wall === undefined ? "never" : `${formatUsers(wall)} users`), ...cells.map(right)]);
  }
  return table.toString();
}

function formatUse({ use, count, isBeginning }: Limit): string {
  if (isBeginning) return use > 1 ? "left behind" : formatShare(use);
  return `${formatShare(use)} of ${formatNumber(count)}`;
}

/** In words: what is used most in the smallest fleet of this size, what can't be had more of, and what comes next. */
function renderFirst({ dau, limits }: Capacity, walls: ReadonlyMap<string, number>, width: number): string {
  const wallOf = ({ name }: Limit): number => walls.get(name) ?? Number.POSITIVE_INFINITY;
  const tell = ({ title, use, count }: Limit): string => `${title}, ${formatShare(use)} of ${formatNumber(count)}`;
  const standing = limits.filter(({ isBeginning }) => !isBeginning).toSorted((a, b) => b.use - a.use);
  const broken = standing.filter(({ use }) => use > 1);
  const most = standing.find(({ use, isAdded }) => isAdded && use <= 1);
  const fixed = standing.find(({ use, isAdded }) => !isAdded && use <= 1);
  const passed = limits.filter((limit) => wallOf(limit) <= dau && !broken.includes(limit));
  const [next] = limits.filter((limit) => wallOf(limit) > dau).toSorted((a, b) => wallOf(a) - wallOf(b));
  const lines = broken.map((limit) => `breaks already: ${tell(limit)}`);
  if (most !== undefined) lines.push(`used most in the smallest fleet: ${tell(most)}; more can be added`);
  if (fixed !== undefined) lines.push(`used most of what can't be added to: ${tell(fixed)}`);
  if (passed.length > 0) lines.push(`one does not do any more: ${passed.map(({ title }) => title).join("; ")}`);
  if (next !== undefined && Number.isFinite(wallOf(next))) {
    lines.push(`breaks next, at ${formatUsers(wallOf(next))} users: one ${next.title}`);
  }
  return [`\n${formatUsers(dau)} users`, ...lines.map((line) => wrap(line, "  ", width))].join("\n");
}

function renderAnswers({ asked: { limits } }: CapacityReport, width: number): string {
  return limits.map(({ title, answer }) => wrap(`${title}: ${answer}`, "  ", width)).join("\n");
}

function renderAssumptions(assumptions: Assumptions): string {
  const table = new Table({ style: plain });
  for (const [name, field] of Object.entries(assumptionTable.fields)) {
    if (field.type === "boolean") continue;
    const value = Object.entries(assumptions).find(([key]) => key === name)?.[1];
    table.push([name, `--${optionName(name)}`, right(formatNumber(Number(value))), field.unit]);
  }
  return table.toString();
}

function renderCoefficients(coefficients: Coefficients): string {
  const table = new Table({ head: ["", "value", "unit", "measured", "by"], style: plain });
  for (const [name, { value, unit, date, command }] of Object.entries(coefficients)) {
    table.push([name, right(formatNumber(value)), unit, date, command]);
  }
  const machines = new Set(Object.values(coefficients).map(({ machine }) => machine));
  return `${table.toString()}\nOn: ${[...machines].join("; ")}`;
}

function right(content: string) {
  return { content, hAlign: "right" as const };
}

function heading(text: string): string {
  return `\n${text}\n${"=".repeat(text.length)}`;
}

/** Breaks at spaces; each line after the first stands two further in. */
function wrap(text: string, indent: string, width: number): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(" ")) {
    if (line.trim() !== "" && line.length + word.length + 1 > width) {
      lines.push(line);
      line = `${indent}  `;
    }
    line += line.trim() === "" ? word : ` ${word}`;
  }
  return [...lines, line].join("\n");
}
