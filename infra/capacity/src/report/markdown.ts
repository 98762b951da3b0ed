import { limitDefinitions } from "../model/limits.ts";
import { tellFirst } from "./first.ts";
import { formatNumber, formatShare, formatUsers } from "./numbers.ts";
import type { CapacityReport } from "./report.ts";
import { tellAssumptions, tellSources } from "./text.ts";

type Row = readonly string[];

/** docs/capacity.md: the sizes side by side, what breaks first at each, every formula, assumption and coefficient. */
export function renderPage(report: CapacityReport): string {
  return `${[
    "# How large a fleet must be",
    intro,
    tellSources(report.coefficients)
      .map((source) => `- ${source}`)
      .join("\n"),
    doubts,
    "## Side by side",
    compared(report),
    "## What breaks first",
    "Reckoned, as all of this: of each thing the share that is in use in the smallest fleet of a size, and the users a day at which one of it is used up.",
    limits(report),
    ...report.compared.flatMap((capacity) => [
      `### ${formatUsers(capacity.dau)} users`,
      tellFirst(capacity, report.walls)
        .map(({ what, answer }) => `- ${what}.${answer === undefined ? "" : ` The design's answer: ${answer}`}`)
        .join("\n"),
    ]),
    "## What the design does when one is used up",
    table(
      ["one", "answer"],
      limitDefinitions.map(({ title, answer }) => [title, answer]),
    ),
    `## The formulas, at ${formatUsers(report.asked.dau)} users`,
    "`spread(n, k)`: how many of n places get at least one of k things thrown at random, n × (1 − (1 − 1/n)^k).",
    formulas(report),
    "## What is assumed",
    table(
      ["option", "default", "unit", "why"],
      tellAssumptions(report.assumptions).map(({ option, value, unit, reason }) => [
        `\`--${option}\``,
        value,
        unit,
        reason,
      ]),
    ),
    "## What was measured",
    coefficients(report),
  ].join("\n\n")}\n`;
}

const intro = `Written by \`npm run capacity -- --write\`; \`npm run bench -- coefficients --write\` measures what it reckons with.
\`npm run capacity -- --dau 1000000 --messages-per-user 40\` prints the same for other users, every assumption being an option.
The coefficients are from:`;

const doubts = `What they are worth:

- One machine with two cores, which clients, servers, Redis and the store share: a small, busy core is the unit.
- CPU a message is of open-loop rates at which a process is busy for a third of a core or so, since fleets are planned for
  processes that are half busy. At some hundred messages a second and server each message wakes every process for itself and
  costs many times as much; saturated, whatever meets in a tick is joined and costs less. Each coefficient's \`seen\` in
  [coefficients.json](../infra/capacity/coefficients.json) has what was measured at each rate.
- Over hundreds of links hardly two frames meet, where over the few that were measured some do: link frames are too cheap in
  the largest fleets.
- The store's figures are those of the MongoDB-wire server that was there, FerretDB over SQLite, which has one writer and reads
  by single documents; what its driver costs a chat server is of the low rate that it takes. A mongod was not to be had:
  shards, and chat servers for that part, are an upper bound.
- 100 M users are reckoned from fleets of six processes: a direction, no promise.`;

function compared({ compared: sizes }: CapacityReport): string {
  const rows = (sizes[0]?.quantities ?? []).flatMap(({ name, row, unit }): readonly Row[] => {
    if (row === undefined) return [];
    const values = sizes.map(({ quantities }) => quantities.find((one) => one.name === name)?.value ?? Number.NaN);
    return [[unit === "" ? row : `${row}, ${unit}`, ...values.map(formatNumber)]];
  });
  return table(["at the peak", ...sizes.map(({ dau }) => `${formatUsers(dau)} users`)], rows);
}

function limits({ compared: sizes, walls }: CapacityReport): string {
  const rows = (sizes[0]?.limits ?? []).map(({ name, title }): Row => {
    const wall = walls.get(name);
    const uses = sizes.map((capacity) => {
      const limit = capacity.limits.find((one) => one.name === name);
      if (limit === undefined) return "";
      if (limit.isBeginning) return limit.use > 1 ? "left behind" : formatShare(limit.use);
      return `${formatShare(limit.use)} of ${formatNumber(limit.count)}`;
    });
    return [title, wall === undefined ? "never" : `${formatUsers(wall)} users`, ...uses];
  });
  return table(["one", "is used up at", ...sizes.map(({ dau }) => `in use at ${formatUsers(dau)}`)], rows);
}

function formulas({ asked }: CapacityReport): string {
  return table(
    ["", "value", "formula", "with numbers"],
    asked.quantities.map(({ title, name, value, unit, formula, withNumbers }) => [
      title,
      `${formatNumber(value)} ${unit}`.trim(),
      `\`${name} = ${formula}\``,
      withNumbers,
    ]),
  );
}

function coefficients({ coefficients: all }: CapacityReport): string {
  return table(
    ["", "value", "spread", "unit", "how"],
    Object.entries(all).map(([name, { value, spread, unit, how }]) => {
      const range = spread.samples === 1 ? "one" : `${formatNumber(spread.low)}–${formatNumber(spread.high)}`;
      return [`\`${name}\``, formatNumber(value), range, unit, how];
    }),
  );
}

function table(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
