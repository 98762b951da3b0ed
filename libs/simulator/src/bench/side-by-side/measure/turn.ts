import type { Pace } from "../generator/messages.ts";
import { inFlightOf, type Mode, type Plan, sceneOf } from "../plan.ts";
import type { Cell, Failure } from "../result.ts";
import type { SystemKind } from "../systems.ts";
import { openSession, type Session } from "./session.ts";

/** Where what is found goes. */
export interface Notes {
  say(line: string): void;
  cell(cell: Cell): void;
  failure(failure: Failure): void;
}

export interface Turn {
  readonly kind: SystemKind;
  readonly repeat: number;
  readonly plan: Plan;
  /** Sends a second of mode `same`, by room size. */
  readonly sameRates: ReadonlyMap<number, number>;
}

/**
 * One system's part of one repeat: every room size in every mode. A scene that fails is noted and the next one begins
 * on a system started anew, as it does where a system was left with work undone, which the next scene would pay for.
 */
export async function measureTurn(turn: Turn, notes: Notes, open = openSession): Promise<void> {
  const { kind, repeat, plan, sameRates } = turn;
  let session: Session | undefined;
  const end = async (): Promise<void> => {
    const ended = session;
    session = undefined;
    await ended?.end().catch((cause) => fail("end", cause));
  };
  const fail = (during: string, cause: unknown): void => {
    notes.failure({ system: kind.name, repeat, during, why: reasonOf(cause) });
  };
  try {
    for (const roomSize of plan.roomSizes) {
      let ownSendsPerS: number | undefined;
      for (const mode of modesToRun(plan.modes)) {
        const scene = sceneOf(roomSize, mode);
        const pace = paceOf(mode, roomSize, ownSendsPerS, sameRates.get(roomSize));
        if (pace === undefined) {
          fail(scene, new Error("the rate that it goes by was not found"));
          continue;
        }
        try {
          session ??= await open(kind, plan, notes.say);
        } catch (cause) {
          // It would not start for the next scene either.
          return fail("start", cause);
        }
        try {
          const measured = await session.measure(roomSize, pace, repeat);
          const asked = pace.kind === "open" ? { askedPerS: pace.perS } : { inFlight: pace.inFlight };
          const cell = { system: kind.name, repeat, roomSize, mode, ...asked, ...measured };
          notes.cell(cell);
          if (mode === "saturated") ownSendsPerS = cell.sendsPerS;
          if (cell.unsettled > 0 || cell.socketsClosed > 0) await end();
        } catch (cause) {
          fail(scene, cause);
          await end();
        }
      }
    }
  } finally {
    await end();
  }
}

/** Half of a saturation needs that saturation. */
export function modesToRun(wanted: readonly Mode[]): readonly Mode[] {
  return wanted.includes("half") && !wanted.includes("saturated") ? ["saturated", ...wanted] : wanted;
}

export function paceOf(
  mode: Mode,
  roomSize: number,
  ownSendsPerS: number | undefined,
  samePerS: number | undefined,
): Pace | undefined {
  if (mode === "saturated") return { kind: "closed", inFlight: inFlightOf.get(roomSize) ?? roomSize };
  const perS = mode === "same" ? samePerS : ownSendsPerS === undefined ? undefined : ownSendsPerS / 2;
  return perS === undefined ? undefined : { kind: "open", perS: Math.round(perS * 10) / 10 };
}

/** The first line: what a process printed before it died is for the eye, not for the record. */
export function reasonOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split("\n")[0] ?? "";
}
