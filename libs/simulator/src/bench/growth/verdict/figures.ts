/** What is compared along an axis. */
export type FigureName =
  | "cpuAMessage"
  | "cpuADelivery"
  | "ackP50"
  | "ackP99"
  | "endToEndP50"
  | "endToEndP99"
  | "memory"
  | "redisAMessage"
  | "storeAMessage"
  | "idleCpu"
  | "pageCpu"
  | "pageP50"
  | "pageStore"
  | "resumeCpu"
  | "resumeP50"
  | "resumeStore"
  | "connectCpu"
  | "connectP50";

export interface Figure {
  readonly name: FigureName;
  readonly title: string;
  readonly unit: string;
  readonly digits: number;
  /** A difference that is no more than this can't be told from chance here, and is none. */
  readonly least: number;
}

/** CPU is of all server processes and Redis (and the store's server, where it is one), without what they take idle. */
export const figures: readonly Figure[] = [
  { name: "cpuAMessage", title: "CPU a message", unit: "ms", digits: 3, least: 0.05 },
  { name: "cpuADelivery", title: "CPU a delivery", unit: "µs", digits: 1, least: 2 },
  { name: "ackP50", title: "ack p50", unit: "ms", digits: 2, least: 1 },
  { name: "ackP99", title: "ack p99", unit: "ms", digits: 1, least: 10 },
  { name: "endToEndP50", title: "end to end p50", unit: "ms", digits: 2, least: 1 },
  { name: "endToEndP99", title: "end to end p99", unit: "ms", digits: 1, least: 10 },
  { name: "memory", title: "memory", unit: "MiB", digits: 0, least: 20 },
  { name: "redisAMessage", title: "Redis commands a message", unit: "", digits: 2, least: 0.1 },
  { name: "storeAMessage", title: "store calls a message", unit: "", digits: 2, least: 0.1 },
  { name: "idleCpu", title: "CPU when idle", unit: "ms/s", digits: 1, least: 5 },
  { name: "pageCpu", title: "CPU a history page", unit: "ms", digits: 3, least: 0.05 },
  { name: "pageP50", title: "history page p50", unit: "ms", digits: 2, least: 1 },
  { name: "pageStore", title: "store calls a history page", unit: "", digits: 2, least: 0.1 },
  { name: "resumeCpu", title: "CPU a resume", unit: "ms", digits: 2, least: 0.2 },
  { name: "resumeP50", title: "resume p50", unit: "ms", digits: 2, least: 2 },
  { name: "resumeStore", title: "store calls a resume", unit: "", digits: 2, least: 0.2 },
  { name: "connectCpu", title: "CPU a connect", unit: "ms", digits: 2, least: 0.2 },
  { name: "connectP50", title: "connect p50", unit: "ms", digits: 2, least: 2 },
];

export function formatFigure(value: number, { digits, unit }: Figure): string {
  return `${value.toFixed(digits)}${unit === "" ? "" : ` ${unit}`}`;
}
