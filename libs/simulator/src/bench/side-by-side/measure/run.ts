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
export async function runSideBySide({ plan, command, say, keep }: RunOptions): Promise<SideBySide> {
  const date = new Date().toISOString();
  const machine = await readMachine(say);
  const failures: Failure[] = [];
  const failure = (one: Failure): void => {
    failures.push(one);
    say(`FAILED: ${one.system}, repeat ${one.repeat}, ${one.during}: ${one.why}`);
  };
  /** In a list, so that what failed is nothing of it. */
  const attempt = async <T>(of: Omit<Failure, "why">, work: Promise<T>): Promise<readonly T[]> => {
    try {
      return [await work];
    } catch (cause) {
      failure({ ...of, why: reasonOf(cause) });
      return [];
    }
  };
  const reference = plan.modes.includes("same") ? systemKinds.find(({ name }) => name === "socket.io") : undefined;
  const calibrated =
    reference === undefined
      ? []
      : await attempt({ system: reference.name, repeat: 0, during: "calibration" }, calibrate(reference, plan, say));
  const calibration = calibrated.flat();
  const sameRates = new Map(calibration.map(({ roomSize, sendsPerS }) => [roomSize, sendsPerS / 2]));
  const storeCommits: { readonly repeat: number; readonly ms: number }[] = [];
  const cells: Cell[] = [];
  const idle: IdleCell[] = [];
  const result = (): SideBySide => {
    const facts = { format: resultFormat, date, command, machine, plan } as const;
    return { ...facts, storeCommits, calibration, cells, idle, failures };
  };
  const notes = { say, failure, cell: (one: Cell) => void cells.push(one) };
  const measureMemory = await idleMeasure(plan, say);
  const kinds = systemKinds.filter(({ name }) => plan.systems.includes(name));
  const progress = createProgress(plan.repeats * kinds.length * (turnSeconds(plan) + idleSeconds(plan)));
  for (let repeat = 1; repeat <= plan.repeats; repeat++) {
    const commits = await attempt({ system: "LMDB", repeat, during: "a commit by itself" }, measureStoreCommit());
    storeCommits.push(...commits.map((ms) => ({ repeat, ms })));
    for (const kind of orderOf(kinds, repeat)) {
      say(`repeat ${repeat} of ${plan.repeats}, ${kind.name}; ${progress.left()}`);
      await measureTurn({ kind, repeat, plan, sameRates }, notes);
      progress.done(turnSeconds(plan));
      if (measureMemory !== undefined) {
        const of = { system: kind.name, repeat, during: "idle connections" };
        idle.push(...(await attempt(of, measureMemory(kind))).map((cell) => ({ ...cell, repeat })));
      }
      progress.done(idleSeconds(plan));
      await keep(result());
    }
  }
  return result();
}

/** Undefined where no memory is to be measured. */
async function idleMeasure(
  { idle, settleS }: Plan,
  say: (line: string) => void,
): Promise<((kind: SystemKind) => Promise<Omit<IdleCell, "repeat">>) | undefined> {
  const connections = await connectionsAllowed(idle);
  if (connections < idle) say(`the limit of open files allows ${connections} idle connections`);
  return connections === 0 ? undefined : (kind) => measureIdle(kind, connections, settleS, say);
}
