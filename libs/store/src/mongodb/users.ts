import type { ChannelId, Seq, UserId } from "@parley/protocol";
import type { UserIndex } from "../message-store.ts";
import type { Collections, UserDocument } from "./collections.ts";
import type { PointUpdates } from "./point-updates.ts";
import { fieldOf, idOf, packRanked, unpackRanked } from "./text.ts";
import { updateAll } from "./updates.ts";

const fieldsMax = 500;

export function toUserIndex(document: UserDocument | undefined): UserIndex {
  const channels = new Map<ChannelId, { in: Seq; out: Seq }>();
  const reads = new Map<ChannelId, { seq: Seq; ordinal: number }>();
  for (const [field, mark] of Object.entries(document?.channels ?? {})) {
    channels.set(idOf(field), { in: mark.in ?? 0, out: mark.out ?? 0 });
  }
  for (const [field, stored] of Object.entries(document?.reads ?? {})) {
    const { seq, rest } = unpackRanked(stored);
    reads.set(idOf(field), { seq, ordinal: Number(rest) });
  }
  return { channels, reads };
}

/** `in` or `out` of one channel for many users. */
export async function markUsers(
  { users, isPointOnly }: Collections,
  marked: readonly UserId[],
  channel: ChannelId,
  side: "in" | "out",
  seq: Seq,
): Promise<void> {
  const update = { $max: { [`channels.${fieldOf(channel)}.${side}`]: seq } };
  const updates = [...new Set(marked)].map((user) => ({ _id: user, update }));
  await updateAll(users, updates, { upsert: true, isPointOnly });
}

export async function markReads(
  users: PointUpdates<UserDocument>,
  user: UserId,
  reads: ReadonlyMap<ChannelId, { seq: Seq; ordinal: number }>,
): Promise<void> {
  const fields = [...reads].map(([channel, { seq, ordinal }]): [string, string] => [
    `reads.${fieldOf(channel)}`,
    packRanked(seq, String(ordinal)),
  ]);
  for (let start = 0; start < fields.length; start += fieldsMax) {
    const $max = Object.fromEntries(fields.slice(start, start + fieldsMax));
    await users.apply({ _id: user, update: { $max } });
  }
}
