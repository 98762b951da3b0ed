import type { ChannelId, Seq } from "@parley/protocol";
import type { OriginEffect } from "../message-store.ts";
import { eraseBody, foldEffect } from "../origin.ts";
import type { Tables } from "./tables.ts";

/** Inside a write transaction. An effect on a seq that is not in the log does nothing. */
export function applyEffect(tables: Tables, channel: ChannelId, effect: OriginEffect): void {
  const key: [string, number] = [channel, effect.target];
  if (!tables.events.doesExist(key)) return;
  const before = tables.origins.get(key) ?? {};
  if (effect.kind === "reaction") {
    const reaction: [string, number, string, string] = [...key, effect.user, JSON.stringify(effect.emoji)];
    if ((tables.reactions.get(reaction)?.seq ?? 0) >= effect.seq) return;
    tables.reactions.put(reaction, { seq: effect.seq, remove: effect.remove });
    if (before.hasReactions !== true) tables.origins.put(key, { ...before, hasReactions: true });
    return;
  }
  const hasReactions = before.hasReactions === true ? { hasReactions: true as const } : {};
  const after = { ...foldEffect(before, effect), ...hasReactions };
  tables.origins.put(key, after);
  if (after.deleted === undefined) return;
  // An edit that comes late finds the message deleted: its own text goes at once.
  erase(tables, channel, effect.target);
  for (const seq of after.editSeqs ?? []) erase(tables, channel, seq);
}

function erase(tables: Tables, channel: ChannelId, seq: Seq): void {
  const event = tables.events.get([channel, seq]);
  if (event === undefined || (event.body.kind !== "message" && event.body.kind !== "edit")) return;
  if (event.body.erased !== true) tables.events.put([channel, seq], { ...event, body: eraseBody(event.body) });
}
