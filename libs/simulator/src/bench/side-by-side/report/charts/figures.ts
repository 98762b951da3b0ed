import type { Mode } from "../../plan.ts";
import { bytesAConnection, type SideBySide } from "../../result.ts";
import { formatNumber } from "../../statistics/format.ts";
import { summaryOf } from "../../statistics/summary.ts";
import { formatPercent, reorderedShare } from "../../targets/fault-target.ts";
import { shortTitleOf } from "../names.ts";
import { barsSpec } from "./bars.ts";
import { type Figure, ordersOf, sideOf } from "./base.ts";
import { cpuChart } from "./cpu-chart.ts";
import { latencyChart } from "./latency-chart.ts";
import { sceneBars } from "./scene-bars.ts";

/** A picture each figure that was measured. */
export function figuresOf(result: SideBySide): readonly Figure[] {
  const has = (mode: Mode): boolean => result.cells.some((cell) => cell.mode === mode);
  return [
    ...(result.cells.length > 0 ? [cpuChart(result)] : []),
    ...(has("saturated") ? [throughputChart(result)] : []),
    ...(has("same") ? [latencyChart(result)] : []),
    ...(result.idle.length > 0 ? [idleChart(result)] : []),
    ...(result.cells.length > 0 ? [orderChart(result)] : []),
  ];
}

function throughputChart(result: SideBySide): Figure {
  const { systems, rooms, modes } = ordersOf(result);
  const title = "Deliveries a second, saturated";
  const bars = sceneBars(result, ["saturated"], ({ deliveriesPerS }) => deliveriesPerS);
  const options = { title, unit: "deliveries/s", systems, columns: rooms, rows: modes };
  return { name: "deliveries", title, spec: barsSpec(bars, options) };
}

function idleChart(result: SideBySide): Figure {
  const title = "RSS an idle connection, all server processes together";
  const connections = `${result.idle[0]?.connections.toLocaleString("en-US")} connections`;
  const place = { column: connections, row: "idle" };
  const bars = result.plan.systems.flatMap((system) => {
    const cells = result.idle.filter((cell) => cell.system === system);
    const summary = summaryOf(cells.map((cell) => bytesAConnection(cell) / 1_024));
    if (summary === undefined) return [];
    const bar = { system: shortTitleOf(system), side: sideOf(system), ...place };
    return [{ ...bar, summary, label: formatNumber(summary.median) }];
  });
  const options = { title, unit: "KiB", systems: ordersOf(result).systems, columns: [connections], rows: ["idle"] };
  return { name: "idle-memory", title, spec: barsSpec(bars, options) };
}

function orderChart(result: SideBySide): Figure {
  const { systems, rooms, modes } = ordersOf(result);
  const title = "Neighbouring messages that two members saw in different order";
  const bars = sceneBars(
    result,
    ["saturated", "half", "same"],
    (cell) => reorderedShare([cell]) * 100,
    (percent) => formatPercent(percent / 100),
  );
  return { name: "order", title, spec: barsSpec(bars, { title, unit: "%", systems, columns: rooms, rows: modes }) };
}
