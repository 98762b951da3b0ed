import type { LogEvent } from "@parley/store";
import { ChannelFold } from "../channel/fold.ts";

/** The membership after these events, the first of a log onward. */
export function foldOf(events: readonly LogEvent[]): ChannelFold {
  const fold = new ChannelFold();
  for (const event of events) fold.apply(event);
  return fold;
}
