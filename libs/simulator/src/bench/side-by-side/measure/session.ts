import { residentBytes } from "../../../target/process-facts.ts";
import type { Pace } from "../generator/messages.ts";
import { type Generator, startGenerator } from "../generator/start-generator.ts";
import { openingOrder } from "../opening-order.ts";
import type { Plan } from "../plan.ts";
import type { MeasuredSystem, SystemKind } from "../systems.ts";
import { type Measured, toFigures } from "./figures.ts";
import { within } from "./within.ts";

/** A system that was just started, and the members that are connected to it. */
export interface Session {
  /** **Errors**: rejects where the generator failed; the session is of no more use then, but for its end. */
  measure(roomSize: number, pace: Pace, seed: number): Promise<Measured>;
  end(): Promise<void>;
}

/** Sockets that are opened at once. */
const openingMax = 40;
const openWithinS = 240;
/** Beyond warm-up and window: the rest of what is under way has 10 s, and counting takes a while. */
const phaseSlackS = 60;
const endWithinS = 90;

/** **Errors**: rejects where the system does not start or lets its members not in; nothing is left running. */
export async function openSession(kind: SystemKind, plan: Plan, say: (line: string) => void): Promise<Session> {
  const system = await kind.start(say);
  let generator: Generator | undefined;
  const end = async (): Promise<void> => {
    await within(endWithinS, `the end of ${kind.name}`, Promise.all([generator?.end(), system.stop()]));
  };
  try {
    const restBytes = await serverBytes(system);
    generator = startGenerator();
    const opening = { members: plan.members, roomSizes: plan.roomSizes, openingMax };
    await within(openWithinS, "opening the members", generator.open(openingOrder(system, opening)));
    const started = generator;
    let isFirst = true;
    return {
      async measure(roomSize, pace, seed) {
        const { windowS } = plan;
        const warmS = isFirst ? plan.firstWarmS : plan.warmS;
        isFirst = false;
        const pids = system.processes.map(({ pid }) => pid);
        const phase = started.phase({ roomSize, pace, warmS, windowS, seed, pids });
        const figures = await within(warmS + windowS + phaseSlackS, "a phase", phase);
        return { ...toFigures(figures, system.processes), restBytes };
      },
      end,
    };
  } catch (cause) {
    await end();
    throw cause;
  }
}

/** Resident memory of all processes of the system's own, bytes. */
export async function serverBytes({ processes }: Pick<MeasuredSystem, "processes">): Promise<number> {
  const own = processes.filter(({ use }) => use === "server");
  const bytes = await Promise.all(own.map(({ pid }) => residentBytes(pid)));
  return bytes.reduce((sum, one) => sum + one, 0);
}
