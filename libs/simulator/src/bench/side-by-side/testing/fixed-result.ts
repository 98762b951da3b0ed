import { fullPlan, type Plan } from "../plan.ts";
import { type Cell, type IdleCell, resultFormat, type SideBySide } from "../result.ts";

/** A window like any other, for tests; what matters is given. */
export function fixedCell(given: Partial<Cell> = {}): Cell {
  return {
    system: "socket.io",
    repeat: 1,
    roomSize: 10,
    mode: "saturated",
    inFlight: 250,
    serverCpuMs: 100,
    redisCpuMs: 100,
    storeCpuMs: 0,
    deliveriesPerS: 100,
    sendsPerS: 10,
    ackMs: { p50: 10, p95: 50, p99: 100 },
    endToEndMs: { p50: 100, p95: 100, p99: 100 },
    restBytes: 100 * 2 ** 20,
    busyBytes: 150 * 2 ** 20,
    due: 1_000,
    lost: 0,
    announced: 0,
    doubled: 0,
    pairs: 1_000,
    reordered: 0,
    refused: 0,
    unsettled: 0,
    socketsClosed: 0,
    busy: 0.5,
    ...given,
  };
}

export function fixedIdle(given: Partial<IdleCell> = {}): IdleCell {
  return { system: "socket.io", repeat: 1, connections: 1_000, beforeBytes: 0, afterBytes: 100_000, ...given };
}

export function fixedResult(given: Partial<SideBySide> = {}): SideBySide {
  return {
    format: resultFormat,
    date: "2026-11-24T12:00:00.000Z",
    command: "npm run bench",
    machine: { cpu: "a CPU", cores: 2, memoryBytes: 2 ** 34, kernel: "6.1", node: "v24.0.0", redis: "7.0.15" },
    plan: fullPlan,
    storeCommits: [1, 2, 3].map((repeat) => ({ repeat, ms: 2 })),
    calibration: [{ roomSize: 10, sendsPerS: 20 }],
    cells: [],
    idle: [],
    failures: [],
    ...given,
  };
}

/** Every scene of the plan once a repeat, all alike but for what is given by system. */
export function fixedRun(plan: Plan, bySystem: (system: string, repeat: number) => Partial<Cell>): SideBySide {
  const repeats = Array.from({ length: plan.repeats }, (_, index) => index + 1);
  const cells = repeats.flatMap((repeat) =>
    plan.systems.flatMap((system) =>
      plan.roomSizes.flatMap((roomSize) =>
        plan.modes.map((mode) => fixedCell({ system, repeat, roomSize, mode, ...bySystem(system, repeat) })),
      ),
    ),
  );
  const idle = repeats.flatMap((repeat) => plan.systems.map((system) => fixedIdle({ system, repeat })));
  return fixedResult({ plan, cells, idle });
}
