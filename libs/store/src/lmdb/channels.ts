import type { ChannelId } from "@parley/protocol";
import type { ChannelSummary } from "../message-store.ts";
import { headOf, type Log } from "./log.ts";
import type { Tables } from "./tables.ts";

export type SummaryChange = Partial<ChannelSummary>;

const nothing: ChannelSummary = { verified: 0, activeAt: 0, applied: 0 };

export function findSummary(log: Log, channel: ChannelId): ChannelSummary | undefined {
  const { tables } = log;
  tables.touch(1);
  const summary = tables.summaries.get(channel);
  // This store knows its head exactly, so nobody need wait for the written watermark.
  const verified = Math.max(summary?.verified ?? 0, headOf(log, channel));
  if (summary === undefined && verified === 0) return undefined;
  return { ...(summary ?? nothing), verified };
}

export function advanceSummary(tables: Tables, channel: ChannelId, change: SummaryChange): void {
  const before = tables.summaries.get(channel) ?? nothing;
  const snapshot =
    change.snapshot !== undefined && change.snapshot.seq > (before.snapshot?.seq ?? 0)
      ? change.snapshot
      : before.snapshot;
  tables.summaries.put(channel, {
    verified: Math.max(before.verified, change.verified ?? 0),
    activeAt: Math.max(before.activeAt, change.activeAt ?? 0),
    applied: Math.max(before.applied, change.applied ?? 0),
    ...(snapshot === undefined ? {} : { snapshot }),
  });
}
