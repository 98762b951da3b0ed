import type { ChannelId } from "@parley/protocol";
import type { OriginEffect } from "../message-store.ts";
import type { Collections } from "./collections.ts";
import { editsToErase, eraseUpdate, eventKey, updateOf } from "./documents.ts";
import type { LogReader } from "./log-reader.ts";
import { updateAll } from "./updates.ts";

/**
 * Applies effects by updates that may come in any order and any number of times. An edit first writes itself down at
 * the message, then looks whether that is deleted; a delete first marks the message, then looks which edits are written
 * down there: of two at once at least one sees the other, so no edit's text outlives its message.
 */
export async function applyAll(
  collections: Collections,
  reader: LogReader,
  channel: ChannelId,
  effects: readonly OriginEffect[],
): Promise<void> {
  const { events, isPointOnly } = collections;
  const how = { upsert: false, isPointOnly };
  await updateAll(
    events,
    effects.map((effect) => ({ _id: eventKey(channel, effect.target), update: updateOf(effect) })),
    how,
  );
  const targets = new Set(effects.filter(({ kind }) => kind !== "reaction").map(({ target }) => target));
  const [step] = reader.stepEvents;
  const all = [...targets];
  for (let start = 0; start < all.length; start += step) {
    const documents = await reader.at(channel, all.slice(start, start + step));
    const edits = documents.flatMap(editsToErase);
    await updateAll(
      events,
      edits.map((seq) => ({ _id: eventKey(channel, seq), update: eraseUpdate })),
      how,
    );
  }
}
