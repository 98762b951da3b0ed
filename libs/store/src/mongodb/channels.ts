import type { ChannelId } from "@parley/protocol";
import type { ChannelSummary } from "../message-store.ts";
import type { ChannelDocument, Collections } from "./collections.ts";
import { packRanked, packText, unpackRanked, unpackText } from "./text.ts";
import { type UpdateById, updateAll } from "./updates.ts";

export function toSummary(document: ChannelDocument): ChannelSummary {
  const { verified = 0, activeAt = 0, applied = 0, snapshot } = document;
  if (snapshot === undefined) return { verified, activeAt, applied };
  const { seq, rest } = unpackRanked(snapshot);
  return { verified, activeAt, applied, snapshot: { seq, json: unpackText(rest) } };
}

export async function advanceChannels(
  { channels, isPointOnly }: Collections,
  changes: ReadonlyMap<ChannelId, Partial<ChannelSummary>>,
): Promise<void> {
  const updates: UpdateById[] = [];
  for (const [channel, { verified, activeAt, applied, snapshot }] of changes) {
    const $max = {
      ...(verified === undefined ? {} : { verified }),
      ...(activeAt === undefined ? {} : { activeAt }),
      ...(applied === undefined ? {} : { applied }),
      ...(snapshot === undefined ? {} : { snapshot: packRanked(snapshot.seq, packText(snapshot.json)) }),
    };
    // Servers refuse an empty `$max`.
    if (Object.keys($max).length === 0) continue;
    updates.push({ _id: channel, update: { $max } });
  }
  await updateAll(channels, updates, { upsert: true, isPointOnly });
}
