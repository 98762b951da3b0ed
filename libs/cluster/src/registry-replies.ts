import { type NodeInfo, RegistryError } from "./registry.ts";
import type { Sighting } from "./view.ts";

export interface BeatReply {
  readonly generation: string;
  /** How long Redis has had its present memory, ms by its own clock. */
  readonly ageMs: number;
  /** For each lease in the order sent: 0 lost, 1 renewed, 2 renewed and asked to drain. */
  readonly outcomes: readonly number[];
  readonly sightings: readonly Sighting[];
}

/** Reads the answer of the beat script. */
export function parseBeat(
  reply: readonly [string, number, readonly number[], readonly (string | number)[], readonly string[]],
): BeatReply {
  const [generation, ageMs, outcomes, flat, left] = reply;
  const sightings: Sighting[] = left.map((node) => ({ kind: "left", node }));
  for (let index = 0; index < flat.length; index += 3) {
    const info = parseNodeInfo(String(flat[index + 2]));
    sightings.push(flat[index + 1] === 1 ? { kind: "alive", info } : { kind: "expired", node: info.node });
  }
  return { generation, ageMs, outcomes, sightings };
}

/** Reads "epoch json" as this code wrote it; a fleet shares its Redis with nobody else. */
function parseNodeInfo(value: string): NodeInfo {
  const space = value.indexOf(" ");
  try {
    const info: Omit<NodeInfo, "epoch"> = JSON.parse(value.slice(space + 1));
    return { ...info, epoch: Number(value.slice(0, space)) };
  } catch (error) {
    throw new RegistryError("The registry holds a node that cannot be read.", { cause: error });
  }
}
