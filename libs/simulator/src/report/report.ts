import Table from "cli-table3";
import type { Verdict } from "../checker/check.ts";
import { invariants, type Violation } from "../checker/violation.ts";
import type { Quantiles } from "./latency.ts";

/** What a run was and what came of it; printed as one JSON object with `--json`. */
export interface Report {
  readonly seed: number;
  readonly users: number;
  readonly devices: number;
  readonly channels: number;
  readonly seconds: number;
  readonly sent: number;
  readonly acked: number;
  readonly refused: number;
  readonly unknown: number;
  readonly delivered: number;
  readonly gaps: number;
  readonly connections: number;
  readonly reconnects: number;
  /** Sockets that ended without the devices' own doing. */
  readonly closedByServer: number;
  /** Events in all final logs together. */
  readonly events: number;
  readonly linesRecorded: number;
  /** ms from the end of the load until everybody had reached the head, or until the wait was given up. */
  readonly settleMs: number;
  readonly checkMs: number;
  /** Things that the SDK reported as errors. */
  readonly clientErrors: number;
  /** Share of one core that the simulator itself took. */
  readonly simulatorCpu: number;
  readonly ackMs: Quantiles;
  readonly endToEndMs: Quantiles;
  readonly violations: Verdict["counts"];
  readonly shown: readonly Violation[];
}

/** The table at the end of a run, for people. */
export function formatReport(report: Report): string {
  const table = new Table({ head: ["", "", "p50", "p95", "p99", "max"], style: { head: [], border: [] } });
  const count = (name: string, value: number, unit = ""): void => {
    table.push([name, { content: `${format(value)}${unit}`, hAlign: "right" }, "", "", "", ""]);
  };
  const latency = (name: string, { count: measured, p50, p95, p99, max }: Quantiles): void => {
    const cells = [p50, p95, p99, max].map((ms) => ({ content: `${ms.toFixed(1)} ms`, hAlign: "right" as const }));
    table.push([name, { content: format(measured), hAlign: "right" }, ...cells]);
  };
  count("sent", report.sent);
  latency("acked", report.ackMs);
  count("refused", report.refused);
  count("unknown, sent again", report.unknown);
  count("delivered", report.delivered);
  latency("end to end", report.endToEndMs);
  count("connections", report.connections);
  count("reconnects", report.reconnects);
  count("sockets ended by the server", report.closedByServer);
  count("gaps announced", report.gaps);
  count("events in the logs", report.events);
  count("settled after", Math.round(report.settleMs), " ms");
  return `${table.toString()}\n${formatVerdict(report)}`;
}

function formatVerdict({ violations, shown }: Report): string {
  const table = new Table({ head: [...invariants], style: { head: [], border: [] } });
  table.push(invariants.map((invariant) => ({ content: format(violations[invariant]), hAlign: "right" as const })));
  const stories = shown.map(
    ({ invariant, message, evidence }) =>
      `${invariant}: ${message}\n${evidence.map((line) => `    ${JSON.stringify(line)}`).join("\n")}`,
  );
  return ["violations", table.toString(), ...stories].join("\n");
}

function format(value: number): string {
  return value.toLocaleString("en-US");
}

/** Whether the run broke no promise. */
export function isClean({ violations }: Report): boolean {
  return invariants.every((invariant) => violations[invariant] === 0);
}
