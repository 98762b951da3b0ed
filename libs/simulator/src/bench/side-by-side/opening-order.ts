import type { OpenOrder } from "./generator/messages.ts";
import type { MeasuredSystem } from "./systems.ts";

/** How many members, in which rooms, and from which number on: members of two generators must not be the same people. */
export type Opening = Pick<OpenOrder, "members" | "roomSizes" | "openingMax"> & { readonly from?: number };

/** What a generator is to open on this system: members `u0` and on, each with a token of its own. */
export function openingOrder(system: MeasuredSystem, { from = 0, ...opening }: Opening): Omit<OpenOrder, "kind"> {
  const { protocol, urls, tokenOf } = system;
  return {
    protocol,
    urls,
    tokens: Array.from({ length: opening.members }, (_, at) => tokenOf(`u${from + at}`)),
    ...opening,
  };
}
