import type { Spread } from "../../clients/figures.ts";
import type { PhaseFigures } from "../generator/messages.ts";
import type { Cell, Quantiles } from "../result.ts";
import type { MeasuredProcess, UseOf } from "../systems.ts";

/** A cell without what it is a cell of. */
export type Measured = Omit<Cell, "system" | "repeat" | "roomSize" | "mode" | "askedPerS" | "inFlight">;

/** **Errors**: throws where nothing was delivered: cost a delivery means nothing then. */
export function toFigures(
  phase: PhaseFigures,
  processes: readonly Pick<MeasuredProcess, "use" | "isStoreWithin">[],
): Omit<Measured, "restBytes"> {
  if (phase.deliveries === 0) throw new Error("nothing was delivered in the window");
  const sum = (use: UseOf, of: (process: PhaseFigures["processes"][number]) => number): number =>
    phase.processes.reduce((total, one, index) => (processes[index]?.use === use ? total + of(one) : total), 0);
  const storeWithinS = phase.processes.reduce((total, { poolCpuS }, index) => {
    return processes[index]?.isStoreWithin === true ? total + poolCpuS : total;
  }, 0);
  const movedS: Readonly<Record<UseOf, number>> = { server: -storeWithinS, redis: 0, store: storeWithinS };
  const cpuMs = (use: UseOf): number => {
    return round(((sum(use, ({ cpuS }) => cpuS) + movedS[use]) * 1_000) / (phase.deliveries / 1_000), 4);
  };
  return {
    serverCpuMs: cpuMs("server"),
    redisCpuMs: cpuMs("redis"),
    storeCpuMs: cpuMs("store"),
    deliveriesPerS: round(phase.deliveries / phase.seconds, 1),
    sendsPerS: round(phase.acked / phase.seconds, 1),
    ackMs: quantilesOf(phase.ackMs),
    endToEndMs: quantilesOf(phase.endToEndMs),
    busyBytes: sum("server", ({ residentBytes }) => residentBytes),
    due: phase.due,
    lost: Math.max(0, phase.lost - phase.announced),
    announced: phase.announced,
    doubled: phase.doubled,
    pairs: phase.pairs,
    reordered: phase.reordered,
    refused: phase.refused,
    unsettled: phase.unsettled,
    socketsClosed: phase.socketsClosed,
    busy: round(phase.busy, 3),
  };
}

function quantilesOf({ p50, p95, p99 }: Spread): Quantiles {
  return { p50: round(p50, 3), p95: round(p95, 3), p99: round(p99, 3) };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
