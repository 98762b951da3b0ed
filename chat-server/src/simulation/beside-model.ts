import type { ChannelId } from "@parley/protocol";
import type { ChannelSummary } from "@parley/store";

/** What the store keeps beside the logs: each field only ever moves forward. */
export class BesideModel {
  private readonly kept = new Map<ChannelId, ChannelSummary>();

  summaries(channels: readonly ChannelId[]): ReadonlyMap<ChannelId, ChannelSummary> {
    const found = new Map<ChannelId, ChannelSummary>();
    for (const channel of channels) {
      const summary = this.kept.get(channel);
      if (summary !== undefined) found.set(channel, summary);
    }
    return found;
  }

  advance(channel: ChannelId, change: Partial<ChannelSummary>): void {
    const before = this.kept.get(channel) ?? { verified: 0, activeAt: 0, applied: 0 };
    const isNewer = (change.snapshot?.seq ?? 0) > (before.snapshot?.seq ?? 0);
    const snapshot = isNewer ? change.snapshot : before.snapshot;
    this.kept.set(channel, {
      verified: Math.max(before.verified, change.verified ?? 0),
      activeAt: Math.max(before.activeAt, change.activeAt ?? 0),
      applied: Math.max(before.applied, change.applied ?? 0),
      ...(snapshot === undefined ? {} : { snapshot }),
    });
  }
}
