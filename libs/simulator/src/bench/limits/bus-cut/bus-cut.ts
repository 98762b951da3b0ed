import { askRedis } from "@parley/servers";
import type { Demand } from "../../clients/figures.ts";
import type { PhaseFigures } from "../../side-by-side/generator/messages.ts";
import { type Generator, startGenerator } from "../../side-by-side/generator/start-generator.ts";
import { openingOrder } from "../../side-by-side/opening-order.ts";
import type { MeasuredSystem, SystemKind } from "../../side-by-side/systems.ts";
import { type CutPhase, demandsOf } from "./verdict.ts";

export interface BusCutOptions {
  readonly kinds: readonly SystemKind[];
  readonly repeats: number;
  readonly members: number;
  readonly roomSize: number;
  readonly perS: number;
  readonly warmS: number;
  /** The cut comes in its middle. */
  readonly windowS: number;
  readonly say: (line: string) => void;
}

export interface BusCut {
  readonly roomSize: number;
  readonly perS: number;
  readonly phases: readonly CutPhase[];
  readonly demands: readonly Demand[];
}

const openingMax = 40;

/**
 * What happens to acked messages when all connections to Redis are cut once in the middle of traffic, beside the same
 * traffic without a cut. **Errors**: rejects where a system or the generator can't go on.
 */
export async function measureBusCut(options: BusCutOptions): Promise<BusCut> {
  const { kinds, repeats, members, roomSize, perS, say } = options;
  const phases: CutPhase[] = [];
  for (let repeat = 1; repeat <= repeats; repeat++) {
    for (const kind of kinds) {
      const system = await kind.start(say);
      const generator = startGenerator();
      try {
        await generator.open(openingOrder(system, { members, roomSizes: [roomSize], openingMax }));
        for (const isCut of [false, true]) {
          const { figures, connectionsCut } = await runPhase(options, system, generator, isCut, repeat);
          const { name, title } = kind;
          phases.push({
            ...{ system: name, title, isOurs: system.protocol === "parley", isCut, repeat, connectionsCut },
            ...pickFaults(figures),
          });
          const { due, lost, doubled, reordered } = figures;
          const what = isCut ? `${connectionsCut} connections cut` : "no cut";
          say(`${title}, ${what}: of ${due} due ${lost} lost, ${doubled} doubled, ${reordered} pairs in another order`);
        }
      } finally {
        await generator.end();
        await system.stop();
      }
    }
  }
  return { roomSize, perS, phases, demands: demandsOf(phases) };
}

async function runPhase(
  { roomSize, perS, warmS, windowS }: BusCutOptions,
  system: MeasuredSystem,
  generator: Generator,
  isCut: boolean,
  seed: number,
): Promise<{ readonly figures: PhaseFigures; readonly connectionsCut: number }> {
  const traffic = generator.phase({
    roomSize,
    pace: { kind: "open", perS },
    warmS,
    windowS,
    seed,
    pids: system.processes.map(({ pid }) => pid),
  });
  const cutting = isCut ? pause((warmS + windowS / 2) * 1_000).then(() => cutRedis(system)) : Promise.resolve(0);
  const [figures, connectionsCut] = await Promise.all([traffic, cutting]);
  return { figures, connectionsCut };
}

/** Ends every connection that has subscribed, and every other but the one that asks; how many. */
async function cutRedis({ redis }: MeasuredSystem): Promise<number> {
  if (redis === undefined) return 0;
  const port = Number(new URL(redis).port);
  let count = 0;
  // One after the other: the first would end the connection that the second asks by.
  for (const type of ["pubsub", "normal"]) {
    count += Number(await askRedis(port, ["CLIENT", "KILL", "TYPE", type, "SKIPME", "yes"]));
  }
  return count;
}

function pickFaults(figures: PhaseFigures) {
  const { sent, acked, refused, unsettled, ackMs, endToEndMs, socketsClosed } = figures;
  const { due, announced, lost, doubled, pairs, reordered } = figures;
  return {
    ...{ sent, acked, refused, unsettled, ackMs, endToEndMs, socketsClosed },
    ...{ due, announced, lost, doubled, pairs, reordered },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
