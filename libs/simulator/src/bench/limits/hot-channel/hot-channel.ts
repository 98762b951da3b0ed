import { availableParallelism } from "node:os";
import { type Demand, formatMs } from "../../clients/figures.ts";
import type { Opened } from "../../side-by-side/generator/messages.ts";
import { startGenerator } from "../../side-by-side/generator/start-generator.ts";
import { openingOrder } from "../../side-by-side/opening-order.ts";
import { startParley } from "../../side-by-side/systems.ts";
import { busyCoresBetween } from "../machine-load.ts";
import { boundBy, loadsOf } from "../process-load.ts";
import { highestHeld, nextRate, type RateSearch } from "./rate-search.ts";
import { demandsOf, type RateStep, stepOf } from "./step.ts";

export interface HotChannelOptions {
  readonly members: number;
  readonly senders: number;
  readonly store: "lmdb" | "mongodb";
  readonly search: RateSearch;
  readonly warmS: number;
  readonly windowS: number;
  readonly ackBoundMs: number;
  readonly say: (line: string) => void;
}

export interface HotChannel {
  readonly members: number;
  readonly senders: number;
  readonly store: "lmdb" | "mongodb";
  readonly opened: Opened;
  readonly steps: readonly RateStep[];
  readonly highest: RateStep | undefined;
  /** What had nothing left to give at the highest rate that held, and at the lowest that did not. */
  readonly boundAtHighest: string;
  readonly boundBeyond: string;
  readonly demands: readonly Demand[];
}

const openingMax = 40;
/** Beyond its limit a system has a queue to work off before all is delivered. */
const settleWithinMs = 30_000;
const restMs = 2_000;

/**
 * One channel whose members are all online over two gateways and three chat servers: an open loop at rising rates until
 * one does not hold. **Errors**: rejects where the system or the generator can't go on.
 */
export async function measureHotChannel(options: HotChannelOptions): Promise<HotChannel> {
  const { members, senders, store, search, warmS, windowS, ackBoundMs, say } = options;
  const args = ["--gateways", "2", "--chat-servers", "3", ...(store === "lmdb" ? ["--store", "lmdb"] : [])];
  const system = await startParley("cluster", args);
  const generator = startGenerator();
  try {
    const opened = await generator.open(openingOrder(system, { members, roomSizes: [members], openingMax }));
    say(`${members} members in one channel`);
    const tryOnce = async (perS: number): Promise<RateStep> => {
      const busyCores = busyCoresBetween(warmS * 1_000, (warmS + windowS) * 1_000);
      const figures = await generator.phase({
        roomSize: members,
        pace: { kind: "open", perS },
        sendersARoom: senders,
        warmS,
        windowS,
        seed: perS,
        pids: system.processes.map(({ pid }) => pid),
        settleWithinMs,
      });
      const machine = { cores: availableParallelism(), busyCores: await busyCores };
      const step = stepOf(perS, figures, loadsOf(system.processes, figures), machine, ackBoundMs);
      const { ackMs, endToEndMs, generator: load, why } = step;
      const found = `acks ${formatMs(ackMs.p99)}, end to end ${formatMs(endToEndMs.p99)} (p99)`;
      say(`${perS}/s ${why ?? "holds"}: ${found}, generator ${load.cores.toFixed(2)} of a core`);
      return step;
    };
    // Compiles what a first step would else pay for.
    await tryOnce(search.firstPerS);
    const steps: RateStep[] = [];
    const judged: RateStep[] = [];
    for (let perS = nextRate(judged, search); perS !== undefined; perS = nextRate(judged, search)) {
      let step = await tryOnce(perS);
      steps.push(step);
      if (!step.holds) {
        await pause(restMs);
        // What other work on the machine spoils is tried once more.
        step = await tryOnce(perS);
        steps.push(step);
        if (!step.holds) await pause(restMs);
      }
      judged.push(step);
    }
    const highest = highestHeld(judged);
    const beyond = judged.filter(({ holds }) => !holds).sort((a, b) => a.perS - b.perS)[0];
    const bound = (step: RateStep | undefined): string =>
      step === undefined ? "no such rate" : boundBy(step.loads, step.generator, step.machine);
    return {
      ...{ members, senders, store, opened, steps, highest },
      boundAtHighest: bound(highest),
      boundBeyond: bound(beyond),
      demands: demandsOf(steps),
    };
  } finally {
    await generator.end();
    await system.stop();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
