import Table from "cli-table3";
import { formatMs } from "../clients/figures.ts";
import type { EventLoopDelay } from "./event-loop-delay.ts";
import type { Profiled, ProfiledProcess, Work } from "./profile.ts";

const barWidth = 40;

/** What a profile says, as text: the work, then each process by group, by function, and its event loop's delay. */
export function formatProfile(profiled: Profiled, rows: number): string {
  const { plain, work, processes, others } = profiled;
  return [
    `${profiled.scenario}, ${profiled.layout}, store ${profiled.store}, ${profiled.pace}`,
    formatWork(plain, work),
    "",
    formatCpu(profiled),
    ...Object.entries(others).map(([role, cpuS]) => `beside them ${role}: ${formatPer(cpuS, plain ?? work)}`),
    ...processes.map((one) => `\n${formatProcess(one, work, rows)}`),
  ].join("\n");
}

function formatWork(plain: Work | undefined, work: Work): string {
  const column = (one: Work): readonly string[] => [
    one.seconds.toFixed(1),
    perSecond(one.sends, one),
    perSecond(one.deliveries, one),
    perSecond(one.connects, one),
    `${formatMs(one.ackMs.p50)} / ${formatMs(one.ackMs.p99)}`,
    `${formatMs(one.endToEndMs.p50)} / ${formatMs(one.endToEndMs.p99)}`,
    one.generatorBusy.toFixed(2),
  ];
  const head = [
    "window",
    "s",
    "sends/s",
    "deliveries/s",
    "connects/s",
    "ack p50 / p99",
    "end to end",
    "generator busy",
  ];
  const lines: readonly (readonly string[])[] = [
    ...(plain === undefined ? [] : [["no profiler", ...column(plain)]]),
    ["profiled", ...column(work)],
  ];
  return formatDense(head, lines);
}

function perSecond(count: number, { seconds }: Work): string {
  return Math.round(count / seconds).toLocaleString("en-US");
}

/** CPU by what was done: by deliveries, by connects where there were none, else by time. */
export function formatPer(cpuS: number, { deliveries, connects, seconds }: Work): string {
  if (deliveries > 0) return `${((cpuS * 1e6) / deliveries).toFixed(2)} ms per 1,000 deliveries`;
  if (connects > 0) return `${((cpuS * 1e6) / connects).toFixed(1)} ms per 1,000 connects`;
  return `${((cpuS * 1e3) / seconds).toFixed(1)} ms/s`;
}

function formatCpu({ plain, work, processes }: Profiled): string {
  const rows = processes.map(({ role, pid, plainCpuS, cpuS, summary, threads }) => [
    `${role} (pid ${pid})`,
    plain === undefined || plainCpuS === undefined ? "" : formatPer(plainCpuS, plain),
    formatPer(cpuS, work),
    `${((100 * summary.busyMs) / Math.max(1, summary.wallMs)).toFixed(0)} %`,
    threads.map((thread) => `${thread.name} ${thread.cpuS.toFixed(2)}`).join(", "),
  ]);
  return formatDense(["CPU", "no profiler", "profiled", "main thread busy", "CPU seconds by thread, profiled"], rows);
}

/** Without a line between rows: these tables are long. */
function formatDense(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const chars = { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" };
  const table = new Table({ head: [...head], style: { head: [], border: [] }, chars });
  for (const [name = "", ...cells] of rows) {
    table.push([name, ...cells.map((content) => ({ content, hAlign: "right" as const }))]);
  }
  return table.toString();
}

function formatProcess({ role, summary, delay, files }: ProfiledProcess, work: Work, rows: number): string {
  const line = (selfMs: number): readonly string[] => [
    `${selfMs.toFixed(0)} ms`,
    `${((100 * selfMs) / Math.max(1, summary.busyMs)).toFixed(1)} %`,
    eachOf(selfMs, work),
  ];
  const unit = work.deliveries > 0 ? "µs a delivery" : work.connects > 0 ? "µs a connect" : "µs a second";
  return [
    `== ${role}`,
    formatDense(
      ["self time by group", "", "of busy", unit],
      summary.groups.map(({ name, selfMs }) => [name, ...line(selfMs)]),
    ),
    formatDense(
      ["self time by function", "", "of busy", unit],
      summary.functions.slice(0, rows).map(({ name, place, selfMs }) => [`${name}  ${place}`, ...line(selfMs)]),
    ),
    formatDelay(delay),
    ...files,
  ].join("\n");
}

function eachOf(selfMs: number, { deliveries, connects, seconds }: Work): string {
  const count = deliveries > 0 ? deliveries : connects > 0 ? connects : seconds;
  return ((selfMs * 1_000) / count).toFixed(2);
}

/** Bars are on a logarithmic scale from 0.1 ms: a delay of a second must not hide one of five milliseconds. */
export function formatDelay({ count, percentiles }: EventLoopDelay): string {
  const decades = (ms: number): number => Math.log10(Math.max(ms, 0.1) / 0.1);
  const longest = Math.max(1, ...percentiles.map(([, ms]) => decades(ms)));
  const bars = percentiles.map(([percent, ms]) => {
    const name = percent === 100 ? "max" : `p${percent}`;
    const bar = "█".repeat(Math.round((barWidth * decades(ms)) / longest));
    return `  ${name.padEnd(6)}${formatMs(ms).padStart(9)}  ${bar}`.trimEnd();
  });
  return [`event loop delay (${count} looks; the bars are logarithmic)`, ...bars].join("\n");
}
