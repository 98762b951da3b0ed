import type { Spoiler } from "./spoil.ts";
import { spoiledLogs } from "./spoiled-logs.ts";
import { spoiledSides } from "./spoiled-sides.ts";

/** Ways to spoil a history of `model-history.ts`; each must be found by both checkers. Lines stay in order of time. */
export const mutants: readonly Spoiler[] = [...spoiledLogs, ...spoiledSides].map(({ mutate, ...rest }) => ({
  ...rest,
  mutate: (lines) => mutate(lines)?.map((line, place) => ({ ...line, at: place + 1 })),
}));
