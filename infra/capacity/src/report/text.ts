import { optionName } from "@parley/config";
import Table from "cli-table3";
import { type Assumptions, assumptionReasons, assumptionTable } from "../assumptions.ts";
import type { Coefficients } from "../coefficients.ts";
import type { Capacity, Limit } from "../model/reckon.ts";
import { tellFirst } from "./first.ts";
import { formatNumber, formatShare, formatUsers } from "./numbers.ts";
import type { CapacityReport } from "./report.ts";

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
    renderAssumptions(report.assumptions, width),
    heading("Measured (coefficients.json says how; npm run bench -- coefficients --write measures anew)"),
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

function renderFirst(capacity: Capacity, walls: ReadonlyMap<string, number>, width: number): string {
  const lines = tellFirst(capacity, walls).flatMap(({ what, answer }) => {
    return [wrap(what, "  ", width), ...(answer === undefined ? [] : [wrap(answer, "      ", width)])];
  });
  return [`\n${formatUsers(capacity.dau)} users`, ...lines].join("\n");
}

function renderAnswers({ asked: { limits } }: CapacityReport, width: number): string {
  return limits.map(({ title, answer }) => wrap(`${title}: ${answer}`, "  ", width)).join("\n");
}

/** With the reason of its default, or that it was given. */
function renderAssumptions(assumptions: Assumptions, width: number): string {
  return tellAssumptions(assumptions)
    .map(({ option, value, unit, reason }) => wrap(`--${option} ${value} ${unit}: ${reason}`, "  ", width))
    .join("\n");
}

/** Each assumption as an option, with its value and why it is that. */
export function tellAssumptions(assumptions: Assumptions) {
  return Object.entries(assumptionReasons).map(([name, reason]) => {
    const field = Object.entries(assumptionTable.fields).find(([key]) => key === name)?.[1];
    if (field === undefined || field.type === "boolean") throw new Error(`${name} is no number`);
    const value = Number(Object.entries(assumptions).find(([key]) => key === name)?.[1]);
    return {
      option: optionName(name),
      value: formatNumber(value),
      unit: field.unit,
      reason: value === field.default ? reason : `given (without: ${formatNumber(field.default)})`,
    };
  });
}

function renderCoefficients(coefficients: Coefficients): string {
  const table = new Table({ head: ["", "value", "spread", "unit", "measured"], style: plain });
  for (const [name, { value, unit, spread, date, commit }] of Object.entries(coefficients)) {
    const range = spread.samples === 1 ? "one" : `${formatNumber(spread.low)} to ${formatNumber(spread.high)}`;
    table.push([name, right(formatNumber(value)), right(range), unit, `${date}, ${commit}`]);
  }
  return [table.toString(), ...tellSources(coefficients)].join("\n");
}

/** Each machine and command that coefficients are from, and which are doubtful; how each was found stands in the file. */
export function tellSources(coefficients: Coefficients): readonly string[] {
  const sources = Object.values(coefficients).map(
    ({ command, machine, node, date, commit }) => `${date}, commit ${commit}: ${command}, on ${machine}, Node ${node}`,
  );
  const doubtful = Object.entries(coefficients).filter(([, { seen }]) => seen.includes("DOUBTFUL"));
  const names = doubtful.map(([name]) => name).join(", ");
  const doubt = `DOUBTFUL, since other work took the machine in some of their windows; to be measured anew: ${names}`;
  return [...new Set(sources), ...(doubtful.length === 0 ? [] : [doubt])];
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
