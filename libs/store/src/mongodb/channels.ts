import type { ChannelId } from "@parley/protocol";
import type { AnyBulkWriteOperation } from "mongodb";
import type { ChannelSummary } from "../message-store.ts";
import type { ChannelDocument, Collections } from "./collections.ts";
import { packRanked, packText, unpackRanked, unpackText } from "./text.ts";

const statementsMax = 500;

export function toSummary(document: ChannelDocument): ChannelSummary {
  const { verified = 0, activeAt = 0, applied = 0, snapshot } = document;
  if (snapshot === undefined) return { verified, activeAt, applied };
  const { seq, rest } = unpackRanked(snapshot);
  return { verified, activeAt, applied, snapshot: { seq, json: unpackText(rest) } };
}

export async function advanceChannels(
  { channels }: Collections,
  changes: ReadonlyMap<ChannelId, Partial<ChannelSummary>>,
): Promise<void> {
  const upserts: AnyBulkWriteOperation<ChannelDocument>[] = [];
  for (const [channel, { verified, activeAt, applied, snapshot }] of changes) {
    const $max = {
      ...(verified === undefined ? {} : { verified }),
      ...(activeAt === undefined ? {} : { activeAt }),
      ...(applied === undefined ? {} : { applied }),
      ...(snapshot === undefined ? {} : { snapshot: packRanked(snapshot.seq, packText(snapshot.json)) }),
    };
    // Servers refuse an empty `$max`.
    if (Object.keys($max).length === 0) continue;
    upserts.push({ updateOne: { filter: { _id: channel }, update: { $max }, upsert: true } });
  }
  for (let start = 0; start < upserts.length; start += statementsMax) {
    await channels.bulkWrite(upserts.slice(start, start + statementsMax), { ordered: false });
  }
}
