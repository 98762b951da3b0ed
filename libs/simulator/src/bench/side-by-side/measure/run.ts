import { orderOf, type Plan } from "../plan.ts";
import { type Cell, type Failure, type IdleCell, resultFormat, type SideBySide } from "../result.ts";
import { type SystemKind, systemKinds } from "../systems.ts";
import { calibrate } from "./calibrate.ts";
import { connectionsAllowed, measureIdle } from "./idle.ts";
import { readMachine } from "./machine.ts";
import { createProgress, idleSeconds, turnSeconds } from "./progress.ts";
import { measureStoreCommit } from "./store-commit.ts";
import { measureTurn, reasonOf } from "./turn.ts";

export interface RunOptions {
  readonly plan: Plan;
  /** As it was typed, for the record. */
  readonly command: string;
  readonly say: (line: string) => void;
  /** Told after every turn what there is so far: an hour's work must not be lost with its last minute. */
  readonly keep: (result: SideBySide) => Promise<void>;
}

/** The whole measurement. What can't be measured stands in `failures`. */
export async function runSideBySide(options: RunOptions): Promise<SideBySide> {
  const { plan, say, keep } = options;
  const date = new Date().toISOString();
  const machine = await readMachine(say);
  const storeCommitMs = await measureStoreCommit();
  say(`a durable append of one event to LMDB takes ${storeCommitMs} ms`);
  const cells: Cell[] = [];
  const idle: IdleCell[] = [];
  const failures: Failure[] = [];
  const failed = (failure: Failure): void => {
    failures.push(failure);
    say(`FAILED: ${failure.system}, repeat ${failure.repeat}, ${failure.during}: ${failure.why}`);
  };
  const calibration = await calibrateWhereNeeded(plan, say, failed);
  const sameRates = new Map(calibration.map(({ roomSize, sendsPerS }) => [roomSize, sendsPerS / 2]));
  const result = (): SideBySide => {
    const { command } = options;
    return { format: resultFormat, date, command, machine, plan, storeCommitMs, calibration, cells, idle, failures };
  };
  const connections = await connectionsAllowed(plan.idle);
  if (connections < plan.idle) say(`the limit of open files allows ${connections} idle connections`);
  const kinds = systemKinds.filter(({ name }) => plan.systems.includes(name));
  const partsS = [turnSeconds(plan), idleSeconds(plan)] as const;
  const progress = createProgress(plan.repeats * kinds.length * (partsS[0] + partsS[1]));
  for (let repeat = 1; repeat <= plan.repeats; repeat++) {
    for (const kind of orderOf(kinds, repeat)) {
      say(`repeat ${repeat} of ${plan.repeats}, ${kind.name}; ${progress.left()}`);
      await measureTurn(
        { kind, repeat, plan, sameRates },
        { say, failure: failed, cell: (one) => void cells.push(one) },
      );
      progress.done(partsS[0]);
      if (connections > 0) {
        const cell = await tryIdle(kind, repeat, connections, plan, say, failed);
        if (cell !== undefined) idle.push(cell);
      }
      progress.done(partsS[1]);
      await keep(result());
    }
  }
  return result();
}

async function calibrateWhereNeeded(
  plan: Plan,
  say: (line: string) => void,
  failed: (failure: Failure) => void,
): Promise<SideBySide["calibration"]> {
  const kind = systemKinds.find(({ name }) => name === "socket.io");
  if (kind === undefined || !plan.modes.includes("same")) return [];
  try {
    return await calibrate(kind, plan, say);
  } catch (cause) {
    failed({ system: kind.name, repeat: 0, during: "calibration", why: reasonOf(cause) });
    return [];
  }
}

async function tryIdle(
  kind: SystemKind,
  repeat: number,
  connections: number,
  { settleS }: Plan,
  say: (line: string) => void,
  failed: (failure: Failure) => void,
): Promise<IdleCell | undefined> {
  try {
    return { repeat, ...(await measureIdle(kind, connections, settleS, say)) };
  } catch (cause) {
    failed({ system: kind.name, repeat, during: "idle connections", why: reasonOf(cause) });
    return undefined;
  }
}
